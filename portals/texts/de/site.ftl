site-tagline = Server, die in einer Minute bereit sind
site-lead = Wählen Sie, was Sie brauchen, und zahlen Sie genau das. Jeder Preis ist der Endpreis, und Sie können jederzeit gehen.
site-see-plans = Angebote ansehen
site-fact-price = Keine versteckten Kosten
site-fact-cancel = Jederzeit kündbar
site-fact-ready = In Minuten bereit
site-kinds = Was wir für Sie betreiben
site-kind-vps = Virtuelle Server mit Root-Zugang, für alles, was Sie betreiben möchten.
site-kind-dedicated = Eine ganze Maschine, die niemand mit Ihnen teilt.
site-kind-hosting = Platz für Websites und Mail, von uns betreut.
site-kind-game = Server für Spiele, eingerichtet und geschützt.
site-kind-workspace = Arbeitsplätze im Browser, für Sie und Ihr Team.
site-picks = Beliebte Angebote
site-from = ab
site-none = Hier wird noch nichts angeboten
site-none-kind = Von dieser Art wird gerade nichts angeboten
site-none-text = Schauen Sie später wieder vorbei oder schreiben Sie uns, was Sie brauchen.
site-home = Zur Startseite
site-how = So geht es
site-how-choose = Auswählen
site-how-choose-text = Wählen Sie ein Angebot und passende Optionen. Sie sehen, was es kostet, jetzt und später.
site-how-pay = Bezahlen
site-how-pay-text = Mit Karte, in einem Schritt. Ein reservierter Betrag wird erst eingezogen, wenn Ihr Server läuft.
site-how-use = Loslegen
site-how-use-text = Sie sehen beim Aufbau zu und erhalten die Zugangsdaten, sobald alles bereit ist.
site-choose = Auswählen
site-sold-out = Ausverkauft
site-sold-out-text = Davon ist gerade alles vergeben. Sehen Sie sich die anderen Angebote an oder kommen Sie später wieder.
site-other-plans = Andere Angebote ansehen
site-left = { $count ->
    [one] Nur noch einer da
   *[other] Nur noch { $count } da
 }
site-compare = Vergleich
site-feature = Leistung
site-price = Preis
site-no-price = In Ihrer Währung nicht erhältlich
site-per-once = einmalig
site-per-day = { $count ->
    [one] pro Tag
   *[other] für { $count } Tage
 }
site-per-week = { $count ->
    [one] pro Woche
   *[other] für { $count } Wochen
 }
site-per-month = { $count ->
    [one] pro Monat
   *[other] für { $count } Monate
 }
site-per-year = { $count ->
    [one] pro Jahr
   *[other] für { $count } Jahre
 }
site-included = Was enthalten ist
site-about = Über dieses Angebot
site-questions = Fragen und Antworten
site-question-ready = Wann ist es bereit?
site-answer-ready = Meist wenige Minuten nach Ihrer Zahlung. Sie können jeden Schritt verfolgen, und wir schreiben Ihnen, wenn alles fertig ist.
site-question-change = Kann ich später wechseln?
site-answer-change = Ja. In Ihrem Konto können Sie zu einem anderen Angebot derselben Art wechseln.
site-question-cancel = Wie kündige ich?
site-answer-cancel = In Ihrem Konto, zum Ende des bezahlten Zeitraums. Eine Kündigungsfrist gibt es nicht.
site-question-pay = Wie kann ich zahlen?
site-answer-pay = An der Kasse sehen Sie alle Zahlungsarten. Wenn Sie eine Karte hinterlegen, werden Verlängerungen von selbst bezahlt.
site-calculator = Was es kostet
site-term = Zahlweise
site-term-title = Laufzeit
site-trial = { $count ->
    [one] erster Tag kostenlos
   *[other] erste { $count } Tage kostenlos
 }
site-monthly = { $amount } im Monat
site-saving = { $percent } % sparen
site-plus-setup = zuzüglich { $amount } Einrichtung
site-setup = Einrichtung, einmalig
site-choice-price = { $name } (+{ $amount })
site-each = je { $amount }
site-extra = { $amount } zusätzlich
site-none-chosen = Keine
site-due-today = Heute fällig
site-then = danach
site-from-day = ab { $date }
site-tax-later = Ohne Steuer. Fällt Steuer an, steht sie an der Kasse.
site-go-configure = Konfigurieren
site-update-price = Preis aktualisieren
site-configure = Konfigurieren
site-configure-title = { $name } konfigurieren
site-configure-card = Konfiguration
site-hostname = Hostname
site-hostname-hint = Der volle Name des Servers. Sie können ihn später ändern.
site-quantity = Anzahl
site-summary = Übersicht
site-to-cart = In den Warenkorb
site-change-item = Änderung speichern
site-cart = Warenkorb
site-cart-kept = Wir bewahren Ihren Warenkorb 30 Tage auf.
site-cart-empty = Ihr Warenkorb ist leer
site-cart-empty-text = Wählen Sie ein Angebot, dann erscheint es hier.
site-cart-full = In einen Warenkorb passen 50 Einträge. Bestellen Sie diese zuerst.
site-cart-wrong = Etwas in Ihrem Warenkorb kann so nicht bestellt werden. Ändern oder entfernen Sie es.
site-gone = Dieses Angebot gibt es nicht mehr.
site-items = { $count ->
    [one] Ein Eintrag
   *[other] { $count } Einträge
 }
site-in-cart = { $name } liegt in Ihrem Warenkorb.
site-removed = Aus dem Warenkorb entfernt.
site-quantity-of = Anzahl von { $name }
site-update = Aktualisieren
site-edit = Ändern
site-remove = Entfernen
site-price-was = vorher { $amount }
site-prices-changed = Preise haben sich geändert
site-prices-changed-cart = Einige Preise sind nicht mehr die, die Sie bei der Auswahl gesehen haben. Angezeigt werden die neuen.
site-prices-changed-text = Der Preis hat sich geändert, seit diese Seite geöffnet wurde. Angezeigt wird der neue: prüfen Sie ihn und zahlen Sie dann.
site-currency = Währung
site-to-checkout = Zur Kasse
site-go-on-shopping = Weiter einkaufen
site-renews = Verlängert sich für { $amount } { $per } am { $date }
site-until-cancelled = Bis Sie kündigen. Das geht jederzeit in Ihrem Konto.
site-checkout = Kasse
site-order-number = Bestellung { $number }
site-who = Ihr Konto
site-is-signed-in = Angemeldet
site-signed-in = Sie sind angemeldet. Prüfen Sie Ihre Bestellung und zahlen Sie.
site-identity = Haben Sie hier schon bestellt?
site-identity-new = Ich bin neu hier
site-identity-new-text = Wir legen Ihr Konto mit dieser Bestellung an.
site-identity-known = Ich habe ein Konto
site-identity-known-text = Melden Sie sich an, Ihr Warenkorb bleibt.
site-new-password = Passwort wählen
site-billing = Rechnungsangaben
site-choose-country = Land wählen
site-address = Straße und Hausnummer
site-postcode = Postleitzahl
site-city = Ort
site-company = Firma
site-vat-id = USt-IdNr.
site-payment = Zahlung
site-pay-with = Zahlen mit
site-by-card = Karte
site-new-card = Andere Karte
site-card = Karte
site-card-until = gültig bis { $until }
site-hosted = Sie geben sie auf der Seite des Zahlungsanbieters ein.
site-save-card = Diese Karte für Verlängerungen hinterlegen
site-save-card-text = Verlängerungen werden dann an ihrem Tag von selbst bezahlt, bis Sie kündigen oder die Karte entfernen.
site-no-methods = Wir können gerade keine Zahlungen annehmen
site-no-methods-text = Ihr Warenkorb bleibt erhalten. Versuchen Sie es später noch einmal oder schreiben Sie uns.
site-credit = Guthaben
site-credit-used = { $amount } Ihres Guthabens werden zuerst verwendet.
site-nothing-due = Heute ist nichts fällig.
site-review = Prüfen und zahlen
site-total = Summe
site-tax = Steuer
site-tax-none = keine
site-terms = AGB
site-terms-agree = Ich stimme den
site-terms-link = Geschäftsbedingungen zu
site-pay = { $amount } zahlen
site-place-order = Kostenpflichtig bestellen
site-back-to-cart = Zurück zum Warenkorb
site-may-not = Für dieses Konto dürfen Sie nicht bestellen
site-may-not-text = Bitten Sie den Inhaber des Kontos um das Recht, Dienste zu bestellen.
site-declined = Die Zahlung ist nicht durchgegangen
site-declined-retry = Ihre Bank hat diesmal abgelehnt. Es wurde nichts eingezogen. Versuchen Sie es noch einmal oder zahlen Sie anders.
site-declined-new-card = Diese Karte wurde abgelehnt. Es wurde nichts eingezogen. Nehmen Sie eine andere Karte oder zahlen Sie anders.
site-declined-action = Ihre Bank möchte, dass Sie diese Zahlung bestätigen. Wählen Sie „Andere Karte“, um das auf der Zahlungsseite zu tun.
site-payment-in-flight = Eine Zahlung für diese Bestellung ist unterwegs. Warten Sie einen Moment und sehen Sie dann nach Ihrer Bestellung.
site-gateway-away = Der Zahlungsanbieter antwortet gerade nicht. Ihre Bestellung bleibt erhalten: versuchen Sie es gleich noch einmal.
site-gateway-refused = Der Zahlungsanbieter hat das nicht angenommen. Wählen Sie eine andere Zahlungsart.
site-sold-meanwhile = Das ist gerade ausverkauft. Es wurde nichts berechnet und Ihr Warenkorb bleibt: wählen Sie ein anderes Angebot oder versuchen Sie es später.
site-order-closed = Diese Bestellung kann nicht mehr storniert werden.
site-order-cancelled = Die Bestellung ist storniert.
site-fault-items = Eine Bestellung hat 1 bis 50 Einträge.
site-fault-plan = Dieses Angebot gibt es nicht mehr. Wählen Sie ein anderes.
site-fault-currency = Das gibt es nicht in { $currency }.
site-fault-quantity = Wählen Sie eine Anzahl von 1 bis 100.
site-fault-hostname = Geben Sie einen vollen Hostnamen an, etwa web-1.example.com.
site-fault-option = Diese Option gibt es nicht mehr. Laden Sie die Seite neu.
site-fault-required = Diese Angabe wird gebraucht.
site-fault-choice = Wählen Sie einen Eintrag der Liste.
site-fault-text = Geben Sie einen Text in einer Zeile ein.
site-fault-long = Höchstens { $max } Zeichen.
site-fault-number = Geben Sie eine ganze Zahl ein.
site-fault-range = Wählen Sie { $min } bis { $max }.
site-fault-line = Höchstens 120 Zeichen in einer Zeile.
site-fault-pay = Wählen Sie, wie Sie zahlen möchten.
site-fault-terms = Stimmen Sie den Bedingungen zu, um fortzufahren.
site-give-up = Bestellung stornieren
site-give-up-title = Diese Bestellung stornieren?
site-give-up-text = Es wurde nichts berechnet. Bestellung und Rechnung werden storniert; Sie können jederzeit neu bestellen.
