//! What happens in the namespace.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tieline::trial::{Fault, LayerName, Outcome, Report};
use tokio::net::{TcpListener, UdpSocket};
use world::World;
use world::model::endpoints::CreateVpcEndpoint;
use world::plane::{self, Dial, Place, public_authority};
use world::scenario::{self, CLUSTER, GROUP, SERVICE, SUBNETS, VPC};

use super::lambda::Lambda;

const PORT: u16 = 5432;

/// A subnet in a zone that the service is not in.
const HERE: &str = SUBNETS[3];

type Shared = Arc<Mutex<World>>;

pub(crate) fn run() {
    let world = connected();
    let addresses = interfaces(&world);
    set_up(&addresses);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let trying = try_everything(Arc::new(Mutex::new(world)), addresses);
        tokio::time::timeout(Duration::from_secs(90), trying)
            .await
            .unwrap();
    });
}

/// A world with an endpoint of the DSQL service, whose names are on.
fn connected() -> World {
    let mut world = scenario::world("default");
    let endpoint = CreateVpcEndpoint {
        vpc_endpoint_type: Some("Interface".to_owned()),
        vpc_id: VPC.to_owned(),
        service_name: Some(SERVICE.to_owned()),
        subnet_ids: SUBNETS[..2].iter().map(ToString::to_string).collect(),
        security_group_ids: vec![GROUP.to_owned()],
        private_dns_enabled: Some(true),
        ..Default::default()
    };
    world.arrange(endpoint).unwrap();
    world.advance(Duration::from_secs(300));
    world
}

fn host() -> String {
    format!("{CLUSTER}.dsql-fnh4.us-east-1.on.aws")
}

fn interfaces(world: &World) -> Vec<Ipv4Addr> {
    let found = world.resolve(VPC, &host());
    assert_eq!(found.len(), 2);
    found.iter().map(|one| one.address).collect()
}

/// The interfaces' addresses are this machine's, and its resolver is ours. Nobody outside sees either.
fn set_up(addresses: &[Ipv4Addr]) {
    let done = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
    };
    done(Command::new("ip").args(["link", "set", "lo", "up"]));
    for address in addresses {
        let address = format!("{address}/32");
        done(Command::new("ip").args(["address", "add", &address, "dev", "lo"]));
    }
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let resolver = folder.join("resolv.conf");
    std::fs::write(&resolver, "nameserver 127.0.0.1\noptions timeout:2\n").unwrap();
    done(
        Command::new("mount")
            .args(["--bind"])
            .arg(&resolver)
            .arg("/etc/resolv.conf"),
    );
}

async fn try_everything(world: Shared, addresses: Vec<Ipv4Addr>) {
    serve_names(&world).await;
    for address in &addresses {
        serve(&world, *address).await;
    }
    let lambda = Lambda::start().await;
    let mut verifier = Command::new(env!("CARGO_BIN_EXE_verify-connection"))
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", lambda.address())
        .env("AWS_LAMBDA_FUNCTION_NAME", "tieline-verify")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDWORLD")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("TIELINE_VPC_ID", VPC)
        .env("TIELINE_SUBNET_IDS", HERE)
        .env("TIELINE_SECURITY_GROUP_IDS", GROUP)
        .env(
            "TIELINE_DSQL_CLUSTER_ARNS",
            format!("arn:aws:dsql:us-east-1:123456789012:cluster/{CLUSTER}"),
        )
        .env("TIELINE_AUTHORITIES", public_authority())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();

    let proven = report(&lambda, trial(&addresses, &host(), PORT)).await;
    for attempt in &proven.attempts {
        let layers: Vec<_> = attempt
            .layers
            .iter()
            .map(|one| (one.layer, one.outcome))
            .collect();
        let all = [
            LayerName::Tcp,
            LayerName::Protocol,
            LayerName::Tls,
            LayerName::Login,
        ];
        assert_eq!(
            layers,
            all.map(|layer| (layer, Outcome::Proven)),
            "{attempt:?}"
        );
        assert!(attempt.from.is_some());
    }
    assert_eq!(proven.attempts.len(), 2);
    let [whole, zonal, nobody] = proven.names.as_slice() else {
        panic!("three names: {:?}", proven.names);
    };
    let mut both: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    both.sort();
    assert_eq!(whole.addresses, both);
    assert_eq!(zonal.addresses.len(), 1, "{zonal:?}");
    assert!(
        nobody.addresses.is_empty() && nobody.error.is_some(),
        "{nobody:?}"
    );

    // A name that the certificate is not for, and a port at which nobody listens: the kernel refuses that one.
    let other = report(&lambda, trial(&addresses, "db.example.com", PORT)).await;
    let last = other.attempts[0].layers.last().unwrap();
    assert_eq!(
        (last.layer, last.fault),
        (LayerName::Tls, Some(Fault::Certificate)),
        "{last:?}"
    );
    let refused = report(&lambda, trial(&addresses, &host(), PORT + 1)).await;
    let last = refused.attempts[0].layers.last().unwrap();
    assert_eq!(
        (last.layer, last.fault),
        (LayerName::Tcp, Some(Fault::Closed)),
        "{last:?}"
    );

    psql(&addresses[0]).await;
    verifier.kill().unwrap();
    verifier.wait().unwrap();
    println!("in the namespace: {proven:?}");
}

fn trial(addresses: &[Ipv4Addr], host: &str, port: u16) -> Value {
    let address = |one: &Ipv4Addr| json!({"zoneId": "use1-az4", "address": one.to_string()});
    json!({
        "addresses": addresses.iter().map(address).collect::<Vec<_>>(),
        "ports": [port],
        "speech": {
            "protocol": "postgresql", "host": host,
            "login": {"clusterId": CLUSTER, "host": host, "region": "us-east-1"},
        },
        "names": [self::host(), zonal_name(), "nobody.example.com"],
    })
}

/// The name of the first zone's interface.
fn zonal_name() -> String {
    let mut world = connected();
    let all = world
        .arrange(world::model::endpoints::DescribeVpcEndpoints::default())
        .unwrap();
    let mut names = all.vpc_endpoints.iter().filter(|one| one.vpc_id == VPC);
    let entries = &names.next().unwrap().dns_entries;
    entries[1].dns_name.clone()
}

async fn report(lambda: &Lambda, trial: Value) -> Report {
    let answer = lambda.invoke(trial).await;
    serde_json::from_value(answer.clone()).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// The resolver of the VPC.
async fn serve_names(world: &Shared) {
    let socket = UdpSocket::bind("127.0.0.1:53").await.unwrap();
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let mut message = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut message).await {
            let answer = plane::answer_dns(&mut world.lock().unwrap(), HERE, &message[..length]);
            if let Some(answer) = answer {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
}

/// Whoever the model says listens at an interface.
async fn serve(world: &Shared, address: Ipv4Addr) {
    let at = SocketAddr::from((address, PORT));
    let socket = TcpListener::bind(at).await.unwrap();
    let world = Arc::clone(world);
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let place = Place {
                subnet_id: HERE.to_owned(),
                group_ids: vec![GROUP.to_owned()],
            };
            let dial = world.lock().unwrap().dial(&place, address, PORT);
            if let Dial::Open(_, listener) = dial {
                tokio::spawn(plane::serve(listener, stream));
            }
        }
    });
}

/// A client that nobody here wrote agrees that a PostgreSQL listens there, and that it wants more than any password.
async fn psql(address: &Ipv4Addr) {
    let authority = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("authority.pem");
    std::fs::write(&authority, public_authority()).unwrap();
    let target = format!(
        "host={} hostaddr={address} port={PORT} user=admin dbname=postgres sslmode=verify-full sslrootcert={} connect_timeout=10",
        host(),
        authority.display()
    );
    let run = tokio::task::spawn_blocking(move || {
        let mut command = Command::new("psql");
        command
            .env("PGPASSWORD", "wrong")
            .args(["-c", "select 1", &target])
            .output()
    });
    match run.await.unwrap() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                said.contains("unable to accept connection, access denied"),
                "{said}"
            );
            println!("psql: {}", said.trim());
        }
        Err(error) => println!("NOT RUN: psql ({error})"),
    }
}
