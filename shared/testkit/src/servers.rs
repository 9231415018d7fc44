//! Servers that misbehave below HTTP, which a mock of HTTP cannot do.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Serves on loopback: reads each request, then hands the connection to `respond`.
pub async fn serve<F, Fut>(respond: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8_192];
            drop(stream.read(&mut request).await);
            respond(stream).await;
        }
    });
    address
}

/// Closes the connection without a response.
pub async fn closing() -> String {
    serve(|stream| async { drop(stream) }).await
}

/// Never responds.
pub async fn hanging() -> String {
    serve(|stream| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await
}

/// Responds with 200 and closes the connection in the middle of the body.
pub async fn truncating() -> String {
    serve(|mut stream| async move {
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"mess")
                .await,
        );
    })
    .await
}

/// Sends a picture one byte at a time, forever.
pub async fn trickling() -> String {
    serve(|mut stream| async move {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut is_open = stream.write_all(head).await.is_ok();
        while is_open {
            tokio::time::sleep(Duration::from_millis(20)).await;
            is_open = stream.write_all(b"1\r\nx\r\n").await.is_ok();
        }
    })
    .await
}

/// Sends an endless body of unknown length.
pub async fn endless() -> String {
    serve(|mut stream| async move {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut is_open = stream.write_all(head).await.is_ok();
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        while is_open {
            is_open = stream.write_all(&chunk).await.is_ok();
        }
    })
    .await
}

/// Returns an address that refuses connections.
pub async fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
