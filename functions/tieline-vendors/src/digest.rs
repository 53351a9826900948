//! HTTP Digest (RFC 7616), with each nonce used for as long as the vendor takes it.
//!
//! Without that every call would be two, and TiDB Cloud counts a hundred a minute for a key. The first request goes out
//! without credentials; the challenge that answers it is kept, over the invocations of a warm function too.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::WWW_AUTHENTICATE;
use http_auth::digest::DigestClient;
use http_auth::parser::ChallengeParser;
use http_auth::{ChallengeRef, PasswordParams};

use crate::http::{Http, HttpError, HttpRequest, HttpResponse, as_text, authorize, target};
use crate::secrets::ApiKey;

/// A key's public part and a vendor's host.
type Place = (String, &'static str);

/// The challenges that can be answered again, each with its count.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<HashMap<Place, DigestClient>>);

impl Nonces {
    /// Sends a request with credentials. An answer 401 means that the key is refused: it was given to credentials made
    /// for a challenge of that moment.
    ///
    /// # Errors
    ///
    /// There was no answer, or no challenge that could be answered.
    pub(crate) async fn send(
        &self,
        http: &dyn Http,
        host: &'static str,
        key: &ApiKey,
        request: &HttpRequest,
    ) -> Result<HttpResponse, HttpError> {
        let place = (key.id().to_owned(), host);
        let again = self.credentials(&place, key, request);
        let nonce_was_kept = again.is_some();
        let mut answer = match again {
            Some(credentials) => http.send(signed(request, &credentials)?).await?,
            None => http.send(request.clone()).await?,
        };
        if answer.status() != 401 {
            return Ok(answer);
        }
        if nonce_was_kept && challenge(&answer).is_none() {
            // Refused without a word about how it is to be done: asked once as if for the first time.
            self.lock().remove(&place);
            answer = http.send(request.clone()).await?;
            if answer.status() != 401 {
                return Ok(answer);
            }
        }
        let Some(mut fresh) = challenge(&answer) else {
            let seen = "asked for credentials without a Digest challenge that can be answered";
            return Err(HttpError(seen.to_owned()));
        };
        let credentials = fresh
            .respond(&params(key, request))
            .map_err(|reason| HttpError(format!("a Digest challenge without answer: {reason}")))?;
        let answer = http.send(signed(request, &credentials)?).await?;
        if answer.status() != 401 {
            self.lock().insert(place, fresh);
            return Ok(answer);
        }
        self.lock().remove(&place);
        if challenge(&answer).is_some_and(|challenge| challenge.stale()) {
            // The credentials were right, says the vendor. Rejecting the key for this would be wrong.
            let seen = "called the nonce stale that it had just given";
            return Err(HttpError(seen.to_owned()));
        }
        Ok(answer)
    }

    /// Credentials for a challenge from before, counted on.
    fn credentials(&self, place: &Place, key: &ApiKey, request: &HttpRequest) -> Option<String> {
        let mut nonces = self.lock();
        let text = nonces.get_mut(place)?.respond(&params(key, request)).ok();
        if text.is_none() {
            nonces.remove(place); // it was counted to its end
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, DigestClient>> {
        // Nothing panics while it is held, and a half-made change is not possible.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}

/// The first Digest challenge that can be answered; the server put them into the order that it likes.
fn challenge(answer: &HttpResponse) -> Option<DigestClient> {
    answer
        .headers()
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(as_text)
        .flat_map(|header| ChallengeParser::new(header).map_while(Result::ok))
        .find_map(|challenge: ChallengeRef<'_>| DigestClient::try_from(&challenge).ok())
}

fn params<'a>(key: &'a ApiKey, request: &'a HttpRequest) -> PasswordParams<'a> {
    PasswordParams {
        username: key.id(),
        password: key.secret(),
        uri: target(request),
        method: request.method().as_str(),
        // Without a body there is only `qop=auth`. For `auth-int` http-auth 0.1.10 takes the body itself into A2 where
        // RFC 7616 section 3.4.3 wants the body's hash, so that way is not gone.
        body: None,
    }
}

fn signed(request: &HttpRequest, credentials: &str) -> Result<HttpRequest, HttpError> {
    let mut request = request.clone();
    authorize(&mut request, credentials)?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::script::{Script, With as _, answer};
    use crate::secrets::test_key;

    const HOST: &str = "dedicated.tidbapi.com";
    const REALM: &str = "http-auth@example.org";
    /// RFC 7616 section 3.9.1.
    const SHA256: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
    const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn get(path: &str) -> HttpRequest {
        let mut request = HttpRequest::default();
        *request.uri_mut() = format!("http://www.example.org{path}").parse().unwrap();
        request
    }

    fn mufasa() -> ApiKey {
        test_key("Mufasa", "Circle of Life")
    }

    fn ask(nonce: &str, rest: &str) -> HttpResponse {
        let header = format!(
            r#"Digest realm="{REALM}", qop="auth", algorithm=SHA-256, nonce="{nonce}"{rest}"#
        );
        answer(401, "").with("www-authenticate", &header)
    }

    /// A parameter of the credentials that were sent.
    fn part(request: &HttpRequest, name: &str) -> String {
        let header = request.headers()["authorization"].to_str().unwrap();
        let challenge = ChallengeParser::new(header).next().unwrap().unwrap();
        let (_, value) = challenge.params.iter().find(|(k, _)| *k == name).unwrap();
        value.to_unescaped()
    }

    /// The response that RFC 7616 section 3.4.1 wants, worked out without the library.
    fn response(method: &str, uri: &str, nonce: &str, nc: &str, cnonce: &str) -> String {
        let hash = |text: String| -> String {
            let digest = Sha256::digest(text.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let a1 = hash(format!("Mufasa:{REALM}:Circle of Life"));
        let a2 = hash(format!("{method}:{uri}"));
        hash(format!("{a1}:{nonce}:{nc}:{cnonce}:auth:{a2}"))
    }

    fn assert_signed(request: &HttpRequest, nonce: &str, nc: &str) {
        assert_eq!(part(request, "nonce"), nonce);
        assert_eq!(part(request, "nc"), nc);
        assert_eq!(part(request, "uri"), target(request));
        let cnonce = part(request, "cnonce");
        let wanted = response(
            request.method().as_str(),
            target(request),
            nonce,
            nc,
            &cnonce,
        );
        assert_eq!(part(request, "response"), wanted);
    }

    fn is_bare(request: &HttpRequest) -> bool {
        !request.headers().contains_key("authorization")
    }

    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let md5 = SHA256.replace("SHA-256", "MD5");
        let sha256_wanted = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
        let md5_wanted = "8ca523f5e9506fed4657c9700eebdbec";
        assert_eq!(
            response("GET", "/dir/index.html", nonce, "00000001", CNONCE),
            sha256_wanted
        );

        for (challenges, wanted) in [
            (vec![SHA256, &md5], sha256_wanted),
            (vec![&md5, SHA256], md5_wanted),
            (vec!["Basic realm=\"x\"", &md5], md5_wanted),
            (vec![&format!("Basic realm=\"x\", {SHA256}")], sha256_wanted),
            (vec![&SHA256.replace("SHA-256", "SHA-9"), &md5], md5_wanted),
        ] {
            let mut asked = answer(401, "");
            for challenge in challenges {
                asked = asked.with("www-authenticate", challenge);
            }
            let (key, request) = (mufasa(), get("/dir/index.html"));

            let credentials = challenge(&asked)
                .unwrap()
                .respond_with_testing_cnonce(&params(&key, &request), CNONCE)
                .unwrap();

            let wanted = format!("response=\"{wanted}\"");
            assert!(credentials.contains(&wanted), "{credentials}");
            assert!(credentials.contains("qop=auth,"), "{credentials}");
        }
    }

    #[tokio::test]
    async fn a_nonce_is_used_again_and_counted() {
        let http = Script::new([
            ask("n1", ""),
            answer(200, "{}"),
            answer(200, "{}"),
            answer(404, "{}"),
        ]);
        let nonces = Nonces::default();

        for (path, status) in [("/a", 200), ("/b?c=d", 200), ("/e:verb", 404)] {
            let answer = nonces
                .send(&http, HOST, &mufasa(), &get(path))
                .await
                .unwrap();
            assert_eq!(answer.status(), status);
        }

        let sent = http.sent();
        assert_eq!(sent.len(), 4);
        assert!(is_bare(&sent[0]));
        assert_signed(&sent[1], "n1", "00000001");
        assert_signed(&sent[2], "n1", "00000002");
        assert_signed(&sent[3], "n1", "00000003");
        assert_eq!(target(&sent[3]), "/e:verb");
        assert_ne!(part(&sent[1], "cnonce"), part(&sent[2], "cnonce"));
    }

    #[tokio::test]
    async fn a_stale_nonce_and_one_that_is_simply_no_longer_taken_are_replaced() {
        for rest in [", stale=true", ", stale=TRUE", ""] {
            let http = Script::new([
                ask("n1", ""),
                answer(200, "{}"),
                ask("n2", rest),
                answer(200, "{}"),
                answer(200, "{}"),
            ]);
            let nonces = Nonces::default();

            for _ in 0..3 {
                let answer = nonces
                    .send(&http, HOST, &mufasa(), &get("/a"))
                    .await
                    .unwrap();
                assert_eq!(answer.status(), 200);
            }

            let sent = http.sent();
            assert_eq!(sent.len(), 5);
            assert_signed(&sent[2], "n1", "00000002");
            assert_signed(&sent[3], "n2", "00000001");
            assert_signed(&sent[4], "n2", "00000002");
        }
    }

    #[tokio::test]
    async fn fresh_credentials_that_are_refused_mean_the_key() {
        let http = Script::new([
            ask("n1", ""),
            answer(200, "{}"),
            ask("n2", ""),
            ask("n3", ""),
            answer(200, "{}"),
        ]);
        let nonces = Nonces::default();

        for status in [200, 401, 200] {
            let answer = nonces.send(&http, HOST, &mufasa(), &get("/a")).await;
            assert_eq!(answer.unwrap().status(), status);
        }

        assert!(
            is_bare(&http.sent()[4]),
            "a refused key's nonce is not kept"
        );
    }

    #[tokio::test]
    async fn a_nonce_that_is_stale_at_once_does_not_mean_the_key() {
        let http = Script::new([ask("n1", ""), ask("n2", ", stale=true")]);

        let error = Nonces::default()
            .send(&http, HOST, &mufasa(), &get("/a"))
            .await
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "called the nonce stale that it had just given"
        );
    }

    #[tokio::test]
    async fn a_refusal_without_a_challenge_is_asked_for_one() {
        let http = Script::new([
            ask("n1", ""),
            answer(200, "{}"),
            answer(401, ""),
            ask("n2", ""),
            answer(200, "{}"),
        ]);
        let nonces = Nonces::default();

        for _ in 0..2 {
            let answer = nonces
                .send(&http, HOST, &mufasa(), &get("/a"))
                .await
                .unwrap();
            assert_eq!(answer.status(), 200);
        }

        assert!(is_bare(&http.sent()[3]));
    }

    #[tokio::test]
    async fn the_key_is_not_given_to_who_does_not_ask_for_a_digest() {
        for header in [
            "Basic realm=\"x\"",
            "Bearer",
            "nonsense,,,=",
            "Digest realm=\"x\"",
        ] {
            let http = Script::new([answer(401, "").with("www-authenticate", header)]);

            let error = Nonces::default()
                .send(&http, HOST, &mufasa(), &get("/a"))
                .await
                .unwrap_err();

            assert!(
                error.to_string().starts_with("asked for credentials"),
                "{header}"
            );
            assert_eq!(http.sent().len(), 1);
        }
    }

    #[tokio::test]
    async fn each_host_and_each_key_has_its_own_nonce() {
        let http = Script::new([
            ask("n1", ""),
            answer(200, "{}"),
            ask("n2", ""),
            answer(200, "{}"),
            ask("n3", ""),
            answer(200, "{}"),
            answer(200, "{}"),
        ]);
        let nonces = Nonces::default();
        let other = test_key("Scar", "Circle of Life");

        for (host, key) in [
            (HOST, mufasa()),
            ("serverless.tidbapi.com", mufasa()),
            (HOST, other),
            (HOST, mufasa()),
        ] {
            nonces.send(&http, host, &key, &get("/a")).await.unwrap();
        }

        assert_signed(&http.sent()[6], "n1", "00000002");
        assert!(!format!("{nonces:?}").contains("Mufasa"));
    }
}
