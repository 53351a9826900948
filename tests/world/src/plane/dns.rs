//! DNS over HTTPS (RFC 8484), POST only: the resolver of the VPC that the client is in.

use std::net::IpAddr;

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};

use crate::World;
use crate::model::addresses::Family;

/// How long an answer may be kept, in seconds.
const TTL: u32 = 60;

/// Answers a message for a client in a subnet; nothing if it is none.
pub fn answer(world: &mut World, subnet_id: &str, message: &[u8]) -> Option<Vec<u8>> {
    let query = Packet::parse(message).ok()?;
    let question = query.questions.first()?.clone().into_owned();
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    let families = match question.qtype {
        QTYPE::TYPE(TYPE::A) => &[Family::Ipv4][..],
        QTYPE::TYPE(TYPE::AAAA) => &[Family::Ipv6],
        QTYPE::ANY => &Family::BOTH,
        QTYPE::TYPE(_) | QTYPE::IXFR | QTYPE::AXFR | QTYPE::MAILB | QTYPE::MAILA => &[],
    };
    let found = world.answer(subnet_id, &question.qname.to_string(), families);
    if found.is_none() {
        *reply.rcode_mut() = RCODE::NameError;
    }
    // RFC 2308: a name that has no records of the type is no error.
    reply.answers = found
        .iter()
        .flatten()
        .map(|address| {
            let data = match address {
                IpAddr::V4(address) => RData::A(A::from(*address)),
                IpAddr::V6(address) => RData::AAAA(AAAA::from(*address)),
            };
            ResourceRecord::new(question.qname.clone(), CLASS::IN, TTL, data)
        })
        .collect();
    reply.questions = vec![question];
    reply.build_bytes_vec().ok()
}
