# Die Übersicht der Kunden.

home-title = Willkommen, { $name }
home-order = Etwas bestellen
home-open = { $count ->
    [one] Eine Rechnung über { $amount } ist zu bezahlen
   *[other] { $count } Rechnungen über zusammen { $amount } sind zu bezahlen
 }
home-overdue = { $count ->
    [one] Eine Rechnung über { $amount } ist überfällig
   *[other] { $count } Rechnungen über zusammen { $amount } sind zu bezahlen, manche sind überfällig
 }
home-due-on = Fällig am { $day }. Mit der Zahlung läuft alles weiter.
home-pay = Jetzt bezahlen
home-no-services = Noch läuft nichts
home-no-services-text = Was Sie bestellen, erscheint hier mit Adresse und Zustand.
home-invoices = Neueste Rechnungen
home-at-a-glance = Auf einen Blick
home-active = Laufende Dienste
home-on-the-way = In Arbeit
home-in-trouble = Brauchen Aufmerksamkeit
home-renews = Nächste Verlängerung
home-credit = Guthaben
home-checklist = Erste Schritte
home-check-mail = E-Mail-Adresse bestätigen
home-check-address = Adresse für Rechnungen angeben
home-check-method = Zahlungsmittel hinterlegen
home-check-service = Den ersten Dienst bestellen
