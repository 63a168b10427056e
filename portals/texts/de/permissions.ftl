# Was das Personal darf, und Namen dessen, was angeschlossen ist.

permission-accounts-read = Kunden sehen
permission-accounts-write = Kunden, ihre Personen und Zahlungsarten anlegen und ändern
permission-catalogue-read = Produkte, Tarife und Preise sehen
permission-catalogue-write = Produkte, Tarife und Preise ändern
permission-orders-read = Bestellungen sehen
permission-orders-write = Bestellungen aufgeben und stornieren
permission-invoices-read = Rechnungen und Guthaben sehen
permission-invoices-write = Rechnungen ausstellen und stornieren, abrechnen, Guthaben geben
permission-payments-read = Zahlungen und Erstattungen sehen
permission-payments-write = Einziehen, erstatten und Gateways einrichten
permission-services-read = Dienste und Vorgänge sehen
permission-services-write = Dienste sperren, entsperren, löschen, neu starten; Vorgänge wiederholen
permission-servers-read = Server sehen
permission-servers-write = Server einrichten
permission-tenants-read = Mandanten darunter sehen
permission-tenants-write = Mandanten darunter anlegen, öffnen, sperren und entsperren
permission-settings-read = Einstellungen, Personal und Hosts sehen
permission-settings-write = Einstellungen, Personal und Hosts ändern
permission-reports-read = Berichte und Übersicht sehen
permission-audit-read = Protokoll und Ereignisse sehen
panel-manual = Von Hand
