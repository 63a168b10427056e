//! Ids of what this room owns.

use platform::id_kind;

id_kind!(ProductId, ProductKind, "prd");
id_kind!(PlanId, PlanKind, "pln");
id_kind!(PriceId, PriceKind, "prc");
id_kind!(ServerId, ServerKind, "srv");
id_kind!(OrderId, OrderKind, "ord");
id_kind!(SubscriptionId, SubscriptionKind, "sub");
id_kind!(ServiceId, ServiceKind, "svc");
id_kind!(InvoiceId, InvoiceKind, "inv");
id_kind!(LineId, LineKind, "lin");
id_kind!(GatewayId, GatewayKind, "gtw");
id_kind!(PaymentMethodId, PaymentMethodKind, "pmt");
id_kind!(PaymentId, PaymentKind, "pay");
id_kind!(RefundId, RefundKind, "rfd");
id_kind!(CreditId, CreditKind, "crd");
id_kind!(InboxId, InboxKind, "inb");
id_kind!(LedgerTransactionId, LedgerTransactionKind, "ltx");
id_kind!(LedgerAccountId, LedgerAccountKind, "lac");
id_kind!(SuspensionId, SuspensionKind, "sus");
id_kind!(RunId, RunKind, "run");
id_kind!(OptionId, OptionKind, "opt");
id_kind!(OptionValueId, OptionValueKind, "opv");
id_kind!(OptionPriceId, OptionPriceKind, "opp");
id_kind!(CartId, CartKind, "crt");
id_kind!(CartItemId, CartItemKind, "cit");
id_kind!(SandboxMethodId, SandboxMethodKind, "sbm");
id_kind!(SandboxPaymentId, SandboxPaymentKind, "sbp");
id_kind!(SandboxRefundId, SandboxRefundKind, "sbr");
id_kind!(DisputeId, DisputeKind, "dsp");
id_kind!(SetupId, SetupKind, "set");
