//! How a private zone is let go of. Whoever holds it last says so in a tag first, looks again when every claim from before that
//! shows, says what goes, and only then deletes it. Who meets the tag waits.
//!
//! The tag says who, since when, and what goes, so whoever comes later knows whether that one is still at it. Once it is said
//! what goes, that is not taken back: an order whose answer was lost may still take effect.

use super::PrivateZone;
use super::holders::leads_to_own;
use crate::outside::Reply;
use crate::outside::route53::HostedZone;
use crate::ownership::CLOSING;
use crate::parts::PartContext;
use crate::time::Time;

/// How far a zone is let go of, as an execution sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Open,
    /// Somebody said so, and calls from before may still have to show.
    Settles,
    /// This execution said so, and everything shows.
    IsSettled,
    /// This execution said what goes.
    Goes(Going),
    /// Somebody else said so, and should have come to an end long ago.
    IsAbandoned,
}

/// What goes of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    Zone,
    /// The names that lead to the request's own endpoint.
    Names {
        /// Whether every order shows.
        is_settled: bool,
    },
}

impl Closing {
    pub(super) fn of(context: &PartContext<'_>, zone: &HostedZone) -> Self {
        let Some(said) = Said::on(zone) else {
            return Self::Open;
        };
        let (owner, settle) = (context.owner, context.outside.limits.settle);
        let age = context.outside.clock.now().since(said.since);
        if said.closer != owner.closer {
            // That of the execution after which this one cleans up has come to an end already.
            let is_over = said.closer == owner.execution || age >= 2 * settle;
            return if is_over {
                Self::IsAbandoned
            } else {
                Self::Settles
            };
        }
        let is_settled = age >= settle;
        match said.what {
            "zone" => Self::Goes(Going::Zone),
            "names" => Self::Goes(Going::Names { is_settled }),
            _ if is_settled => Self::IsSettled,
            _ => Self::Settles,
        }
    }
}

/// What the tag says.
struct Said<'t> {
    closer: &'t str,
    since: Time,
    what: &'t str,
}

impl<'t> Said<'t> {
    fn on(zone: &'t HostedZone) -> Option<Self> {
        let mut words = zone.tags.get(CLOSING)?.split('.');
        Some(Self {
            closer: words.next()?,
            since: Time(words.next()?.parse().ok()?),
            what: words.next().unwrap_or_default(),
        })
    }
}

/// When everything from before shows that this execution said it closes a zone, or what of it goes.
pub(super) fn settles(context: &PartContext<'_>, zone: &HostedZone) -> Option<Time> {
    let said = Said::on(zone).filter(|said| said.closer == context.owner.closer)?;
    Some(said.since + context.outside.limits.settle)
}

impl PrivateZone {
    /// Lets go of a zone, one step a call.
    pub(super) async fn let_go(&self, context: &PartContext<'_>, zone: &HostedZone) -> Reply<()> {
        let is_settled = match Closing::of(context, zone) {
            Closing::Settles => return Ok(()),
            Closing::Goes(what) => return self.carry_out(context, zone, what).await,
            Closing::IsSettled => true,
            // A plan from before anything was said does all at once.
            Closing::Open | Closing::IsAbandoned => context.owner.closer.is_empty(),
        };
        match self.may_go(context, zone).await? {
            None => leave(context, zone).await,
            Some(what) if is_settled => {
                say(context, zone, Some(what)).await?;
                self.carry_out(context, zone, what).await
            }
            Some(_) => say(context, zone, None).await,
        }
    }

    /// What nobody else holds.
    async fn may_go(&self, context: &PartContext<'_>, zone: &HostedZone) -> Reply<Option<Going>> {
        if !self.is_shared(context, zone).await? {
            return Ok(Some(Going::Zone));
        }
        // Names that lead to an endpoint which goes with this request would lead nowhere; the others stay.
        let is_settled = false;
        let names = self.going(context, zone).await?;
        Ok((!names.is_empty()).then_some(Going::Names { is_settled }))
    }

    async fn carry_out(
        &self,
        context: &PartContext<'_>,
        zone: &HostedZone,
        what: Going,
    ) -> Reply<()> {
        let route53 = context.outside.route53;
        // What somebody else put into it stays, and with it the zone: Route 53 deletes none that has names. Names of a
        // request that left before the others go with the endpoint that they lead to.
        let names = match what {
            Going::Zone => {
                let mut names = zone.names.clone();
                names.retain(|name| self.plans(name) || leads_to_own(context, name));
                names
            }
            Going::Names { .. } => self.own_names(context, zone).await?,
        };
        if !names.is_empty() {
            route53.delete_names(&zone.id, &names).await?;
        }
        match what {
            Going::Zone => route53.delete_zone(&zone.id).await,
            Going::Names { is_settled: true } => leave(context, zone).await,
            Going::Names { is_settled: false } => Ok(()),
        }
    }

    /// Takes a zone back that somebody let go of; whether it may be used now. What that one ordered before may still have to
    /// show.
    pub(super) async fn reopen(context: &PartContext<'_>, zone: &HostedZone) -> Reply<bool> {
        match Closing::of(context, zone) {
            Closing::Open => return Ok(true),
            Closing::Settles => {}
            // What this execution said before it turned round: what it ordered may still have to show.
            Closing::Goes(_) => say(context, zone, None).await?,
            Closing::IsAbandoned if !context.owner.closer.is_empty() => {
                say(context, zone, None).await?;
            }
            Closing::IsSettled | Closing::IsAbandoned => {
                let key = [CLOSING.to_owned()];
                context.outside.route53.untag_zone(&zone.id, &key).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn say(context: &PartContext<'_>, zone: &HostedZone, what: Option<Going>) -> Reply<()> {
    let (closer, now) = (&context.owner.closer, context.outside.clock.now().0);
    let what = match what {
        None => "",
        Some(Going::Zone) => ".zone",
        Some(Going::Names { .. }) => ".names",
    };
    if closer.is_empty() {
        return Ok(());
    }
    let tag = [(CLOSING.to_owned(), format!("{closer}.{now}{what}"))].into();
    context.outside.route53.tag_zone(&zone.id, &tag).await
}

/// Takes this request's mark away, and this execution's word that the zone goes.
async fn leave(context: &PartContext<'_>, zone: &HostedZone) -> Reply<()> {
    let mut own = vec![context.owner.request_tag()];
    if is_closed_by_this(context, zone) {
        own.push(CLOSING.to_owned());
    }
    own.retain(|key| zone.tags.contains_key(key));
    if own.is_empty() {
        return Ok(());
    }
    context.outside.route53.untag_zone(&zone.id, &own).await
}

/// Whether it is this execution that lets go of a zone.
pub(super) fn is_closed_by_this(context: &PartContext<'_>, zone: &HostedZone) -> bool {
    Said::on(zone).is_some_and(|said| said.closer == context.owner.closer)
}
