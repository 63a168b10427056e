# The customers' overview.

home-title = Welcome, { $name }
home-order = Order something new
home-open = { $count ->
    [one] An invoice of { $amount } waits to be paid
   *[other] { $count } invoices, { $amount } together, wait to be paid
 }
home-overdue = { $count ->
    [one] An invoice of { $amount } is overdue
   *[other] { $count } invoices, { $amount } together, wait to be paid, and some are overdue
 }
home-due-on = Due { $day }. Paying it keeps everything running.
home-pay = Pay now
home-no-services = Nothing runs yet
home-no-services-text = What you order appears here, with its address and its state.
home-invoices = Newest invoices
home-at-a-glance = At a glance
home-active = Running services
home-on-the-way = On their way
home-in-trouble = Need attention
home-renews = Next renewal
home-credit = Credit
home-checklist = Getting started
home-check-mail = Confirm your e-mail address
home-check-address = Add your address, for invoices
home-check-method = Add a payment method
home-check-service = Order your first service
