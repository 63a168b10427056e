# Das Personal bestellt für einen Kunden.

new-order = Neue Bestellung
new-order-title = Neue Bestellung für { $name }
new-order-choose = Produkt wählen
new-order-take = Wählen
new-order-agreed-title = Preis
new-order-agreed = Vereinbarter Preis je Stück und Turnus
new-order-agreed-hint = Statt des Tarifpreises mit seinen Optionen; Verlängerungen kosten dasselbe. Leer gilt der Listenpreis.
new-order-agreed-line = Vereinbarter Preis
new-order-reason = Grund für den anderen Preis
new-order-reason-hint = Steht mit Ihrem Namen im Protokoll.
new-order-way = Wie bezahlt wird
new-order-way-invoice = Rechnung senden
new-order-way-saved = { $name } jetzt belasten
new-order-way-hand = Wurde von Hand bezahlt
new-order-reference-hint = Bei Zahlung von Hand: was der Kontoauszug sagt.
new-order-credit = Guthaben von { $amount } wird zuerst verwendet.
new-order-place = Bestellung aufgeben
new-order-price-changed = So viel kostet es jetzt. Prüfen Sie die Summe und geben Sie die Bestellung noch einmal auf.
new-order-done = Die Bestellung ist aufgegeben.
new-order-declined = Die Bestellung ist aufgegeben, aber die Zahlung wurde abgelehnt: Sie wartet auf ihre Rechnung.
permission-orders-price = In Bestellungen andere Preise vereinbaren
explain-agreed = Vereinbarter Preis: { $amount }
