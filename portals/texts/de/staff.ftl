# Wörter der Seiten für das Personal.

detail-facts = Angaben
detail-timeline = Verlauf
detail-nothing-yet = Noch nichts
detail-id = Kennung
ui-yes = Ja
ui-no = Nein
cycle-every-day = { $count ->
    [1] pro Tag
   *[other] alle { $count } Tage
 }
cycle-every-week = { $count ->
    [1] pro Woche
   *[other] alle { $count } Wochen
 }
cycle-every-month = { $count ->
    [1] pro Monat
   *[other] alle { $count } Monate
 }
cycle-every-year = { $count ->
    [1] pro Jahr
   *[other] alle { $count } Jahre
 }
status-retried = Wiederholt
status-dismissed = Verworfen
status-hidden = Verborgen
status-retired = Eingestellt

dashboard-queues = Was auf jemanden wartet
dashboard-open = Offene Rechnungen
dashboard-of-customers = { $count } Kunden
dashboard-late = davon { $amount } überfällig
dashboard-against-month = zum Vormonat
dashboard-this-month = vom MRR des Vormonats
dashboard-other = Daneben: { $mrr } im Monat, { $open } offen
dashboard-month = Monat
dashboard-new = Neu
dashboard-expansion = Mehr
dashboard-contraction = Weniger
dashboard-churned = Verloren
dashboard-tasks = Offene Aufgaben
dashboard-failed = Gescheiterte Vorgänge
dashboard-overdue = Überfällige Rechnungen
dashboard-waiting = Wartende Bestellungen

list-placed = Bestellt
list-search-orders = Nummer oder Kunde
order-title = Bestellung { $number }
order-items = Was bestellt wurde
order-paid = Zahlung

operation-log = Was geschah
operation-message = Meldung
operation-panel-ref = Kennung im Panel
operation-panel-ref-hint = So, wie das Panel sie zeigt.
operation-tries = Versuche
operation-wanted = Gewünscht
operation-finished = Beendet
operation-failed = Das ist gescheitert und wartet auf Sie
operation-retry = Erneut versuchen
operation-retry-title = Erneut versuchen
operation-retry-text = Es geht bei dem gescheiterten Schritt weiter. Was schon da ist, wird gefunden und nicht doppelt angelegt.
operation-retry-done = Es wird erneut versucht.
operation-adopt = Übernehmen
operation-adopt-title = Einen vorhandenen Server zuordnen
operation-adopt-text = Nennt den Server im Panel, der zu diesem Dienst gehört. Der Aufbau geht dort weiter, und nichts Neues wird angelegt.
operation-adopt-done = Der Server wurde übernommen; der Aufbau geht weiter.
operation-skip = Von Hand erledigt
operation-skip-title = Als erledigt zählen
operation-skip-text = Sie haben das im Panel selbst getan. Dorthin wird nichts mehr gesendet.
operation-skip-done = Es zählt als erledigt.
operation-cancel = Aufgeben
operation-cancel-title = Diesen Vorgang aufgeben
operation-cancel-text = Es wird nichts mehr versucht. Ein Dienst im Aufbau gilt dann als gescheitert, und vorgemerktes Geld geht zurück.
operation-cancel-done = Der Vorgang wurde aufgegeben.

tasks-search = Titel oder Kennung
tasks-what = Aufgabe
tasks-why = Grund
tasks-none = Nichts zu tun
tasks-none-text = Was endgültig scheitert oder einen Menschen braucht, erscheint hier.
tasks-retry = Wiederholen
tasks-retry-done = Es wird erneut versucht.
tasks-dismiss = Verwerfen
tasks-dismiss-done = Verworfen.
tasks-not-open = Darum hat sich schon jemand gekümmert.

service-panel = Im Panel
service-agreement = Vereinbarung
service-hostname = Hostname
service-running-since = Läuft seit
service-seen = Zustand
service-seen-suspended = Dort gesperrt
service-seen-at = Gesehen
service-differs = Weicht vom Gewünschten ab
service-begun = Begann
service-billed-through = Berechnet bis
service-cancelled-on = Endet am
service-price-part = Teil des Preises
service-failed = Dieser Dienst konnte nicht aufgebaut werden
service-refresh = Neu ansehen
service-refresh-title = Das Panel nach { $name } fragen
service-refresh-text = Liest Zustand und Adressen jetzt aus dem Panel.
service-refresh-done = Aus dem Panel gelesen.
service-suspend = Sperren
service-suspend-title = { $name } sperren
service-suspend-text = Er wird im Panel angehalten und weiter berechnet. Wird die Sperre aufgehoben, läuft er wieder.
service-suspend-done = Die Sperre ist unterwegs.
service-lift = Sperre aufheben
service-lift-title = Sperre von { $name } aufheben
service-lift-text = Er läuft wieder, wenn er nicht aus einem anderen Grund gesperrt ist.
service-lift-done = Die Sperre ist aufgehoben.
service-terminate = Löschen
service-terminate-title = { $name } löschen
service-terminate-text = Er wird mit allem, was darauf ist, aus dem Panel entfernt, und die Berechnung endet. Das lässt sich nicht rückgängig machen.
service-terminate-done = Die Löschung ist unterwegs.
suspension-staff = Vom Personal gesperrt
suspension-overdue = Wegen einer überfälligen Rechnung gesperrt
suspension-parent = Vom übergeordneten Anbieter gesperrt
invoice-to-day = Bis

refused-no-reason = Nennen Sie einen Grund.
refused-name-differs = Der Name stimmt nicht. Geben Sie ihn genau so ein, wie er dasteht.
refused-not-failed = Nur Gescheitertes kann erneut versucht werden.
refused-unpaid = Die Bestellung ist nicht bezahlt; versuchen Sie es danach erneut.
refused-running = Gerade läuft ein Schritt; versuchen Sie es in einer Minute.
refused-over = Das ist schon beendet.
refused-create = Ein Aufbau lässt sich nicht überspringen: Übernehmen Sie den von Hand angelegten Server.
refused-not-active = Nur ein laufender Dienst kann gesperrt werden.
refused-not-suspended = Er ist nicht mehr gesperrt.
refused-terminated = Er ist schon gelöscht.

customer-new = Neuer Kunde
customer-new-text = Die Adresse erhält eine eigene Anmeldung; es wird keine Mail gesendet.
customer-create = Kunde anlegen
customer-created = { $name } ist jetzt Kunde.
customer-edit = Bearbeiten
customer-choose = Land wählen
customer-company = Firma
customer-phone = Telefon
customer-address1 = Adresse
customer-address2 = Adresse, zweite Zeile
customer-postcode = Postleitzahl
customer-city = Ort
customer-region = Region
customer-email-hint = Hierhin gehen Rechnungen, und damit meldet sich der Inhaber an.
customer-currency-hint = Drei Buchstaben. Später nicht änderbar.
customer-language = Sprache
customer-auto-pay = Fällige Rechnungen automatisch einziehen
customer-members = Personen
customer-owner = Inhaber
customer-notes = Notizen
customer-notes-label = Nur für das Personal sichtbar
customer-notes-hint = Höchstens 10.000 Zeichen.
customer-notes-long = Die Notizen sind zu lang: höchstens 10.000 Zeichen.
customer-parked = Der Abrechnungstag lässt diesen Kunden aus
customer-reseller = Wiederverkäufer
customer-payment = Wie
customer-no-payments = Noch keine Zahlungen
customer-error-name = Geben Sie einen Namen mit 1 bis 120 Zeichen ein.
customer-error-email = Das ist keine E-Mail-Adresse.
customer-error-country = Wählen Sie ein Land.

did-account-created = Kunde angelegt
did-account-updated = Angaben geändert
did-account-policy-changed = Notizen oder Zahlweise geändert
did-order-placed = Bestellung aufgegeben
did-order-accepted = Bestellung angenommen
did-invoice-created = Rechnung erstellt
did-invoice-issued = Rechnung ausgestellt
did-invoice-paid = Rechnung bezahlt
did-invoice-overdue = Rechnung überfällig
did-invoice-voided = Rechnung storniert
did-payment-succeeded = Zahlung erhalten
did-payment-failed = Zahlung gescheitert
did-payment-refunded = Zahlung erstattet
did-service-paid = Dienst bezahlt
did-service-provisioned = Dienst aufgebaut
did-service-provisioning-failed = Dienst konnte nicht aufgebaut werden
did-service-suspension-wanted = Sperre gewünscht
did-service-suspension-lifted = Sperre aufgehoben
did-service-suspended = Dienst gesperrt
did-service-resume-wanted = Entsperren gewünscht
did-service-resumed = Dienst entsperrt
did-service-termination-wanted = Löschung gewünscht
did-service-terminated = Dienst gelöscht
did-service-changed = Dienst geändert
did-operation-retried = Vorgang erneut versucht
did-operation-adopted = Server übernommen
did-operation-skipped = Vorgang als erledigt gezählt
did-operation-cancelled = Vorgang aufgegeben
did-subscription-created = Vertrag begonnen
did-subscription-cancelled = Vertrag gekündigt
