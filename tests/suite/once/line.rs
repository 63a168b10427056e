//! A line to the database that is slow enough to wait for: over a socket of this machine an answer is often there
//! before anybody waits, and what never waits cannot be killed while it does.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// How long an answer takes at least.
const DELAY: Duration = Duration::from_millis(1);

/// Where the server really is.
#[derive(Clone)]
enum Server {
    Socket(PathBuf),
    Address(String, u16),
}

/// The same database, reached over a slow line that ends with the test.
pub fn slow(url: &str) -> String {
    let options = PgConnectOptions::from_str(url).expect("a database's address");
    let server = match options.get_socket() {
        Some(folder) => Server::Socket(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
        None => Server::Address(options.get_host().to_owned(), options.get_port()),
    };
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let listener = TcpListener::from_std(listener).expect("a listener");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            client.set_nodelay(true).expect("a socket");
            tokio::spawn(connect(client, server.clone()));
        }
    });
    let (user, database) = (options.get_username(), options.get_database().unwrap_or_default());
    format!("postgres://{user}@127.0.0.1:{port}/{database}")
}

async fn connect(client: TcpStream, server: Server) {
    match server {
        Server::Socket(path) => {
            if let Ok(stream) = UnixStream::connect(path).await {
                carry(client, tokio::io::split(stream)).await;
            }
        }
        Server::Address(host, port) => {
            if let Ok(stream) = TcpStream::connect((host, port)).await {
                carry(client, tokio::io::split(stream)).await;
            }
        }
    }
}

async fn carry(client: TcpStream, (from, mut to): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin)) {
    let (mut asked, answered) = client.into_split();
    let there = async move {
        // An error and an end are the same: the other side hangs up then.
        let _ = tokio::io::copy(&mut asked, &mut to).await;
        let _ = to.shutdown().await;
    };
    tokio::join!(there, late(from, answered));
}

async fn late(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        tokio::time::sleep(DELAY).await;
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
