//! The world behind HTTP on one loopback port.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::plane::{self, Client, Dial, Place};
use crate::scenario::Scenario;
use crate::wire::{self, Request, Response};
use crate::{World, admin, relay};

/// How to start the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 means a free one.
    pub port: u16,
    /// The scenario's name.
    pub scenario: String,
    /// How many virtual seconds pass in a real one.
    pub time_scale: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            scenario: "default".to_owned(),
            time_scale: 1.0,
        }
    }
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    host: Arc<Host>,
    stop: watch::Sender<()>,
    listening: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The world behind it. Time passes with each request, so its clock is as old as the last one.
    #[must_use]
    pub fn world(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.world)
    }

    /// Has another server on this machine answer for Step Functions from now on: it runs the state machine.
    pub fn relay_step_functions(&self, address: SocketAddr) {
        // Said once: nobody moves.
        let _ = self.host.step_functions.set(address);
    }

    /// Drops all connections and waits until nothing listens any more.
    pub async fn stop(self) {
        drop(self.stop);
        // It can only have panicked or be done; either way it no longer listens.
        let _ = self.listening.await;
    }
}

/// Starts the server on the current tokio runtime.
///
/// # Errors
///
/// If there is no such scenario or the port is taken.
pub async fn start(options: Options) -> io::Result<Running> {
    let unknown = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("there is no scenario {}", options.scenario),
        )
    };
    let scenario = Scenario::named(&options.scenario).ok_or_else(unknown)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let world = Arc::new(Mutex::new(scenario.world(wall_clock())));
    let pace = Mutex::new(Pace {
        scale: options.time_scale,
        last: Instant::now(),
    });
    let host = Arc::new(Host {
        world: Arc::clone(&world),
        pace,
        step_functions: OnceLock::new(),
    });
    let (stop, stopped) = watch::channel(());
    let listening = tokio::spawn(listen(listener, Arc::clone(&host), stopped));
    Ok(Running {
        address,
        world,
        host,
        stop,
        listening,
    })
}

/// A client that opens its connections once in every second of the world.
#[derive(Debug)]
pub struct Following {
    client: Arc<Mutex<Client>>,
    task: JoinHandle<()>,
}

impl Following {
    /// Stops it; what it has counted.
    #[must_use]
    pub fn stop(self) -> Client {
        self.task.abort();
        lock(&self.client).clone()
    }
}

impl Running {
    /// Has a client open its connections from now on.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a client waits for the next second"
    )]
    pub fn follow(&self, client: Client) -> Following {
        let client = Arc::new(Mutex::new(client));
        let (host, followed) = (Arc::clone(&self.host), Arc::clone(&client));
        let task = tokio::spawn(async move {
            let mut last = 0;
            loop {
                host.now(|world, _| {
                    let second = world.now() / 1000;
                    if second > last {
                        last = second;
                        lock(&followed).open_all(world);
                    }
                });
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Following { client, task }
    }
}

fn wall_clock() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// The world and the pace of its clock.
#[derive(Debug)]
struct Host {
    world: Arc<Mutex<World>>,
    pace: Mutex<Pace>,
    /// Who answers for Step Functions, if it is not the world.
    step_functions: OnceLock<SocketAddr>,
}

#[derive(Debug)]
struct Pace {
    scale: f64,
    last: Instant,
}

impl Host {
    /// Lets the time pass that has really passed, and does something in the world.
    fn now<T>(&self, work: impl FnOnce(&mut World, &mut Pace) -> T) -> T {
        let mut world = lock(&self.world);
        let mut pace = lock(&self.pace);
        let elapsed = pace.last.elapsed();
        pace.last += elapsed;
        world.advance(elapsed.mul_f64(pace.scale));
        work(&mut world, &mut pace)
    }

    fn answer(&self, request: &Request) -> Response {
        self.now(|world, pace| Self::answer_now(world, pace, request))
    }

    fn answer_now(world: &mut World, pace: &mut Pace, request: &Request) -> Response {
        if request.path.starts_with(admin::PREFIX) {
            return admin::answer(world, &mut pace.scale, request);
        }
        wire::answer(world, request)
    }
}

/// A panic in one request must not silence all others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, host: Arc<Host>, mut stopped: watch::Receiver<()>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        if let Ok((stream, _)) = stream {
            tokio::spawn(serve(stream, Arc::clone(&host), stopped.clone()));
        }
    }
}

async fn serve(stream: TcpStream, host: Arc<Host>, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request| handle(Arc::clone(&host), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let connection = connection.with_upgrades();
    tokio::select! {
        // A connection that breaks is the client's business, or a scripted fault.
        _ = connection => {}
        _ = stopped.changed() => {}
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection was dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

async fn handle(
    host: Arc<Host>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Dropped> {
    if request.method() == Method::CONNECT {
        return connect(&host, request).await;
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    if head.uri.path() == DNS_PATH {
        return Ok(dns(&host, &head, &body));
    }
    let request = Request::of(&head, body.to_vec());
    if let Some(address) = host.step_functions.get()
        && relay::is_step_functions(&request)
    {
        return relay::ask(*address, &request).await.map_err(|_| Dropped);
    }
    match host.answer(&request) {
        Response::Drop | Response::Crash => Err(Dropped),
        Response::Hang => match std::future::pending::<Infallible>().await {},
        Response::Answer(answer) => Ok(answer.map(|body| Full::new(Bytes::from(body)))),
    }
}

/// Where names are asked for, and the headers that say from where, and which address that was.
const DNS_PATH: &str = "/dns-query";
const SUBNET: &str = "tieline-subnet";
const GROUPS: &str = "tieline-groups";
const FROM: &str = "tieline-from";

fn header<'h>(head: &'h Parts, name: &str) -> &'h str {
    let value = head.headers.get(name);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// DNS over HTTPS: what the resolver of the client's VPC says.
fn dns(host: &Host, head: &Parts, message: &[u8]) -> hyper::Response<Full<Bytes>> {
    let subnet = header(head, SUBNET);
    let answer = host.now(|world, _| plane::answer_dns(world, subnet, message));
    let (status, body) = match answer {
        Some(body) => (StatusCode::OK, body),
        None => (StatusCode::BAD_REQUEST, Vec::new()),
    };
    let mut response = hyper::Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/dns-message");
    response.headers_mut().insert("content-type", kind);
    response
}

/// HTTP CONNECT: a connection of a client in a subnet to whoever listens, or none, and then nothing comes back.
async fn connect(
    host: &Host,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Dropped> {
    let to: SocketAddr = request.uri().to_string().parse().map_err(|_| Dropped)?;
    let (head, body) = request.into_parts();
    let groups = header(&head, GROUPS).split(',').filter(|id| !id.is_empty());
    let place = Place {
        subnet_id: header(&head, SUBNET).to_owned(),
        group_ids: groups.map(str::to_owned).collect(),
    };
    match host.now(|world, _| world.dial(&place, to.ip(), to.port())) {
        Dial::Silence => match std::future::pending::<Infallible>().await {},
        Dial::Open(from, listener) => {
            let request = hyper::Request::from_parts(head, body);
            tokio::spawn(async move {
                if let Ok(stream) = hyper::upgrade::on(request).await {
                    // A client that leaves has seen enough.
                    let _ = plane::serve(listener, TokioIo::new(stream)).await;
                }
            });
            let response = hyper::Response::builder().header(FROM, from.to_string());
            response.body(Full::default()).map_err(|_| Dropped)
        }
    }
}
