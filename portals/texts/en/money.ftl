leave-title = On to the payment page
leave-text = You are being taken to { $host }, where the payment is made. You come back here afterwards.
leave-go = Go on to the payment page
