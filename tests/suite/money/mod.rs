//! Money in: pages, cards, refunds, credit; each twice, at once, and with the answer lost.

mod confirm;
mod credit;
mod desk;
mod dispute;
mod expiry;
mod holds;
mod page;
mod portal;
mod refund;
mod settle;
mod void;
