# Mails about what is coming, and about sign-ins.

mail-due-soon-subject = Invoice { $number } is due on { $date }
mail-due-soon-text = This invoice is still open and falls due in a few days. Pay it in time and everything goes on as it is.
mail-card-expiring-subject = Your card { $card } expires next month
mail-card-expiring-text = A card that is saved with us expires next month and cannot be charged after that.
mail-card-expiring-automatic = Your renewals are charged to it. Save another card before then, so that nothing is interrupted.
mail-card-expiring-button = Save another card
mail-new-sign-in-subject = New sign-in to { $brand }
mail-new-sign-in-text = Somebody signed in to { $brand } with your password, from a device or a network that we have not seen with you before.
mail-new-sign-in-not-you = If it was you, there is nothing to do. If it was not, set a new password at once: that ends every other sign-in.
mail-new-sign-in-button = Set a new password
mail-fact-card = Card
mail-fact-expires = Valid until
mail-fact-when = When
mail-fact-device = With
mail-fact-network = From
settings-due-soon = Days before the due date of one more notice
settings-due-soon-hint = For open invoices that are not charged by themselves. 0: no notice.
did-invoice-due-soon = Named before it is due
did-payment-method-expiring = Card expires next month
did-user-signed-in-anew = Signed in from somewhere new
