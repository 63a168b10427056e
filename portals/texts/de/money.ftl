leave-title = Weiter zur Zahlungsseite
leave-text = Sie werden zu { $host } weitergeleitet. Dort wird bezahlt; danach kommen Sie hierher zurück.
leave-go = Weiter zur Zahlungsseite
