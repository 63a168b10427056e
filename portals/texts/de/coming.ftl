# Mails über das, was kommt, und über Anmeldungen.

mail-due-soon-subject = Rechnung { $number } ist am { $date } fällig
mail-due-soon-text = Diese Rechnung ist noch offen und wird in wenigen Tagen fällig. Bezahlen Sie rechtzeitig, und alles läuft weiter wie bisher.
mail-card-expiring-subject = Ihre Karte { $card } läuft nächsten Monat ab
mail-card-expiring-text = Eine bei uns gespeicherte Karte läuft nächsten Monat ab und lässt sich danach nicht mehr belasten.
mail-card-expiring-automatic = Mit ihr werden Ihre Verlängerungen bezahlt. Speichern Sie vorher eine andere Karte, damit nichts unterbrochen wird.
mail-card-expiring-button = Andere Karte speichern
mail-new-sign-in-subject = Neue Anmeldung bei { $brand }
mail-new-sign-in-text = Jemand hat sich mit Ihrem Passwort bei { $brand } angemeldet, mit einem Gerät oder aus einem Netz, das wir bei Ihnen noch nicht gesehen haben.
mail-new-sign-in-not-you = Waren Sie es, ist nichts zu tun. Waren Sie es nicht, legen Sie sofort ein neues Passwort fest: Das beendet jede andere Anmeldung.
mail-new-sign-in-button = Neues Passwort festlegen
mail-fact-card = Karte
mail-fact-expires = Gültig bis
mail-fact-when = Wann
mail-fact-device = Womit
mail-fact-network = Von
settings-due-soon = Tage vor Fälligkeit für einen weiteren Hinweis
settings-due-soon-hint = Für offene Rechnungen, die nicht von selbst eingezogen werden. 0: kein Hinweis.
did-invoice-due-soon = Vor der Fälligkeit genannt
did-payment-method-expiring = Karte läuft nächsten Monat ab
did-user-signed-in-anew = Anmeldung von neuem Ort
