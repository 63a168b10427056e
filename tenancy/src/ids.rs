//! Ids of what this room owns.

use platform::id_kind;

id_kind!(TenantId, TenantKind, "ten");
id_kind!(HostId, HostKind, "hst");
id_kind!(AccountId, AccountKind, "acc");
id_kind!(UserId, UserKind, "usr");
id_kind!(RoleId, RoleKind, "rol");
id_kind!(TokenId, TokenKind, "tok");
id_kind!(AuditId, AuditKind, "aud");
id_kind!(EventId, EventKind, "evt");
id_kind!(TaskId, TaskKind, "tsk");
id_kind!(MailId, MailKind, "mai");
