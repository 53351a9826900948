//! DNS over HTTPS (RFC 8484), POST only: the resolver of the VPC that the client is in.

use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

use crate::World;

/// How long an answer may be kept, in seconds.
const TTL: u32 = 60;

/// Answers a message for a client in a subnet; nothing if it is none.
pub fn answer(world: &mut World, subnet_id: &str, message: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(message).ok()?;
    let question = query.questions.first()?.clone().into_owned();
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    let found = world.look_up(subnet_id, &question.qname.to_string());
    if found.is_empty() {
        *reply.rcode_mut() = RCODE::NameError;
    }
    // Nothing here has an IPv6 address.
    let is_asked = matches!(question.qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY);
    reply.answers = found
        .iter()
        .filter(|_| is_asked)
        .map(|address| {
            let data = RData::A(A {
                address: u32::from(*address),
            });
            ResourceRecord::new(question.qname.clone(), CLASS::IN, TTL, data)
        })
        .collect();
    reply.questions = vec![question];
    reply.build_bytes_vec().ok()
}
