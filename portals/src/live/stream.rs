//! One open page: waits, looks again, sends what changed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use billing::BillingError;
use futures::Stream;
use platform::db::DbError;
use tenancy::extract::Member;
use tenancy::permission::{Any, Permissions};
use tenancy::{TenantTx, member, session};
use tower_sessions::session::Id;

use super::hub::Seat;
use super::topic::{Part, Topic};
use crate::app::App;
use crate::web::page::{self, Asked};

/// At most two drawings a second.
const GAP: Duration = Duration::from_millis(500);
/// How often it looks without any news: what news missed is seen then, and a session that ended is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long one drawing may take; a stream that cannot be drawn ends, and the page connects again.
const DRAW_TIMEOUT: Duration = Duration::from_secs(10);

/// Who looks at what.
pub(super) struct Viewer {
    pub(super) app: App,
    pub(super) member: Member<Any>,
    pub(super) asked: Asked,
    pub(super) session: Id,
    pub(super) topics: Vec<Topic>,
}

/// What there is to see now.
pub(super) enum Drawn {
    /// Every topic, in order.
    Parts(Vec<Part>),
    /// One of them is not this account's.
    NotFound,
    /// Signed out, or not allowed any more.
    Over,
}

impl Viewer {
    /// Draws every topic as it is now, if this person may still see them.
    pub(super) async fn draw(&self) -> Result<Drawn, BillingError> {
        let mut tx = self.app.tenancy().begin_read(&self.member.scope).await?;
        let Some(rights) = self.rights(&mut tx).await? else {
            return Ok(Drawn::Over);
        };
        if !self.topics.iter().all(|topic| topic.is_allowed(&rights)) {
            return Ok(Drawn::Over);
        }
        let page = page::live(&self.app, &self.member, &self.asked);
        let mut parts = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            match topic
                .draw(&self.app, &mut tx, self.member.account, (&page, &rights))
                .await?
            {
                Some(drawn) => parts.extend(drawn),
                None => return Ok(Drawn::NotFound),
            }
        }
        tx.commit().await?;
        Ok(Drawn::Parts(parts))
    }

    /// What the member may do now; none when the session has ended or the membership has.
    async fn rights(&self, tx: &mut TenantTx) -> Result<Option<Permissions>, DbError> {
        let user = self.member.user.id;
        if !session::lasts(tx, &self.session, user, self.app.tenancy().now()).await? {
            return Ok(None);
        }
        let teams = member::of_user(tx, user).await?;
        let team = teams.iter().find(|team| team.account_id == self.member.account);
        Ok(team.map(member::Member::rights))
    }
}

struct Open {
    viewer: Viewer,
    seat: Seat,
    /// What the page shows, as far as it was sent, by the element it is in.
    sent: HashMap<&'static str, String>,
    /// Drawn and not sent yet.
    waiting: Option<Vec<Part>>,
    number: u64,
}

/// The stream. The first event is everything as it is now, so that nothing is missed between page and stream.
pub(super) fn events(viewer: Viewer, seat: Seat, first: Vec<Part>) -> impl Stream<Item = Result<Event, Infallible>> {
    let open = Open {
        sent: HashMap::new(),
        waiting: Some(first),
        number: 0,
        viewer,
        seat,
    };
    futures::stream::unfold(open, |mut open| async move {
        let event = open.next().await?;
        Some((Ok(event), open))
    })
}

impl Open {
    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let parts = match self.waiting.take() {
                Some(parts) => parts,
                None => self.look().await?,
            };
            if let Some(event) = self.event(parts) {
                return Some(event);
            }
        }
    }

    /// Waits for news or the slow poll, and looks again.
    async fn look(&mut self) -> Option<Vec<Part>> {
        // What happens within the gap is drawn together.
        tokio::select! {
            () = tokio::time::sleep(GAP) => {}
            () = self.seat.stopped() => return None,
        }
        let hub = self.viewer.app.live().clone();
        tokio::select! {
            () = hub.stopped() => return None,
            () = self.seat.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        self.seat.caught_up();
        match tokio::time::timeout(DRAW_TIMEOUT, self.viewer.draw()).await {
            Ok(Ok(Drawn::Parts(parts))) => Some(parts),
            Ok(Ok(Drawn::NotFound | Drawn::Over)) => None,
            Ok(Err(error)) => {
                tracing::warn!(%error, "an open page could not be drawn");
                None
            }
            Err(_) => None,
        }
    }

    /// What differs from what was sent, if anything does.
    fn event(&mut self, parts: Vec<Part>) -> Option<Event> {
        let mut text = String::new();
        for part in parts {
            if self.sent.get(part.target) == Some(&part.html) {
                continue;
            }
            text.push_str(&format!(
                "<hx-partial hx-target=\"#{}\" hx-swap=\"innerMorph\">",
                part.target
            ));
            text.push_str(&part.html);
            text.push_str("</hx-partial>\n");
            self.sent.insert(part.target, part.html);
        }
        if text.is_empty() {
            return None;
        }
        self.number += 1;
        Some(Event::default().id(self.number.to_string()).data(text))
    }
}
