//! For tests: servers that misbehave below HTTP, where a mock of HTTP cannot.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Reads each request, then hands the connection to `answer`.
pub async fn serve<F, Fut>(answer: F) -> String
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
            answer(stream).await;
        }
    });
    address
}

/// Takes the request and closes the connection without a word.
pub async fn silent() -> String {
    serve(|stream| async { drop(stream) }).await
}

/// Takes the request and never answers.
pub async fn hanging() -> String {
    serve(|stream| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await
}

/// Says 200 and breaks off in the middle of the body.
pub async fn breaking_off() -> String {
    serve(|mut stream| async move {
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"mess")
                .await,
        );
    })
    .await
}

/// Sends a picture, one byte at a time, forever.
pub async fn dripping() -> String {
    serve(|mut stream| async move {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut open = stream.write_all(head).await.is_ok();
        while open {
            tokio::time::sleep(Duration::from_millis(20)).await;
            open = stream.write_all(b"1\r\nx\r\n").await.is_ok();
        }
    })
    .await
}

/// Sends without an end and without saying how much.
pub async fn pouring() -> String {
    serve(|mut stream| async move {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut open = stream.write_all(head).await.is_ok();
        let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
        while open {
            open = stream.write_all(&chunk).await.is_ok();
        }
    })
    .await
}

/// An address where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
