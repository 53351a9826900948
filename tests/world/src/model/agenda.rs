//! What will happen at a moment that is already known, because somebody else decides it then.

use crate::clock::{self, Moment};

use super::Model;
use super::endpoints::Decision;

/// Something that somebody else does.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A service's owner decides about an endpoint.
    Decide {
        endpoint_id: String,
        decision: Decision,
    },
    /// TiDB Cloud looks at the endpoint of a registration.
    Register { connection_id: String },
    /// TiDB Cloud has its own endpoint made for a private link connection.
    Link { connection_id: String },
    /// Confluent takes an account off a network's list.
    CutOff {
        service_name: String,
        account: String,
    },
}

/// The events to come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    events: Vec<(Moment, Event)>,
}

impl Agenda {
    pub(crate) fn add(&mut self, due: Moment, event: Event) {
        self.events.push((due, event));
    }

    /// When the next event is due.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.events.iter().map(|(due, _)| *due).min()
    }

    /// Takes the event that is due next; of several at one moment, the one that was added first.
    fn take(&mut self) -> Option<(Moment, Event)> {
        let due = self.next_due()?;
        let index = self.events.iter().position(|(moment, _)| *moment == due)?;
        Some(self.events.remove(index))
    }
}

impl Model {
    /// Lets the next event happen, at its own moment.
    pub(crate) fn next_event(&mut self) {
        let Some((due, event)) = self.agenda.take() else {
            return;
        };
        self.now = self.now.max(due);
        match event {
            // The endpoint may have gone its own way meanwhile; then there is nothing to decide.
            Event::Decide {
                endpoint_id,
                decision,
            } => drop(self.decide(&endpoint_id, decision)),
            Event::Register { connection_id } => self.look_at_registration(&connection_id),
            Event::Link { connection_id } => self.make_link(&connection_id),
            Event::CutOff {
                service_name,
                account,
            } => self.cut_off(&service_name, &account),
        }
    }

    /// The moment `wait` from now.
    pub(crate) fn later(&self, wait: std::time::Duration) -> Moment {
        clock::after(self.now, wait)
    }
}
