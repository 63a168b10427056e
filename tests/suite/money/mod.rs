//! Money in: pages, cards, refunds, credit; each twice, at once, and with the answer lost.

mod desk;
mod page;
