//! The panel's promises and hazards, over real HTTP.

use serde_json::{Value, json};

use super::*;
use crate::site::FaultKind;

struct Client {
    panel: Virtfusion,
    http: reqwest::Client,
}

impl Client {
    async fn new(config: VirtfusionConfig) -> Self {
        let panel = Virtfusion::start(([127, 0, 0, 1], 0).into(), config).await.unwrap();
        Self {
            panel,
            http: crate::site::test_client(),
        }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}/api/v1{path}", self.panel.url()))
            .bearer_auth(self.panel.token());
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, body).await
    }

    async fn user(&self) -> i64 {
        let (status, made) = self
            .post(
                "/users",
                json!({"name": "A B", "email": "a@b.test", "extRelationId": 1001}),
            )
            .await;
        assert_eq!(status, 201);
        assert!(made["data"]["password"].is_string());
        made["data"]["id"].as_i64().unwrap()
    }

    async fn server(&self, user: i64) -> i64 {
        let wanted = json!({"packageId": 2, "userId": user, "hypervisorId": 1, "ipv4": 1});
        let (status, made) = self.post("/servers", wanted).await;
        assert_eq!(status, 201, "{made}");
        made["data"]["id"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_bad_token_gets_an_empty_401() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let answer = client
        .http
        .get(format!("{}/api/v1/connect", client.panel.url()))
        .bearer_auth("wrong")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.text().await.unwrap(), "");
    assert_eq!(client.get("/connect").await.0, 200);
}

#[tokio::test]
async fn users_are_found_by_our_id_and_emails_are_unique() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let missing = client.get("/users/1001/byExtRelation").await;
    assert_eq!(missing, (404, json!({"msg": "ext_relation_id not found"})));
    let id = client.user().await;
    let (status, shown) = client.get("/users/1001/byExtRelation").await;
    assert_eq!((status, &shown["data"]["id"]), (200, &json!(id)));
    assert!(shown["data"]["password"].is_null());
    let (status, refused) = client
        .post("/users", json!({"name": "C", "email": "A@b.test", "extRelationId": 2}))
        .await;
    assert_eq!(status, 422);
    assert!(refused["errors"]["email"].is_array());
    let (status, reset) = client
        .post("/users/1001/byExtRelation/resetPassword", Value::Null)
        .await;
    assert_eq!((status, &reset["data"]["email"]), (201, &json!("a@b.test")));
}

#[tokio::test]
async fn a_build_takes_its_polls_and_locks_the_server() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let user = client.user().await;
    let id = client.server(user).await;
    let order = json!({"operatingSystemId": 1, "name": "svc-1", "hostname": "svc-1.example.net"});
    let (status, built) = client.post(&format!("/servers/{id}/build"), order).await;
    assert_eq!(status, 200);
    assert!(built["data"]["settings"]["decryptedPassword"].is_string());
    let (status, locked) = client.post(&format!("/servers/{id}/suspend"), Value::Null).await;
    assert_eq!(status, 423);
    assert!(locked["msg"].is_string());
    let (_, first) = client.get(&format!("/servers/{id}")).await;
    assert_eq!(first["data"]["tasks"]["active"], json!(true));
    assert!(first["data"]["settings"]["decryptedPassword"].is_null());
    let (_, second) = client.get(&format!("/servers/{id}")).await;
    assert_eq!(second["data"]["tasks"]["active"], json!(false));
    assert!(second["data"]["built"].is_string());
    let suspended = client.post(&format!("/servers/{id}/suspend"), Value::Null).await;
    assert_eq!(suspended, (204, Value::Null));
    assert!(client.panel.server(id).unwrap().suspended);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_server_and_a_retry_makes_another() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let user = client.user().await;
    client.panel.faults().once("POST", "/servers", FaultKind::HangAfter(10));
    let wanted = json!({"packageId": 2, "userId": user, "hypervisorId": 1});
    let lost = client
        .http
        .post(format!("{}/api/v1/servers", client.panel.url()))
        .bearer_auth(client.panel.token())
        .json(&wanted)
        .send()
        .await;
    assert!(lost.is_err());
    assert_eq!(client.panel.servers().len(), 1);
    client.server(user).await;
    let (_, listed) = client.get(&format!("/servers/user/{user}")).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let (status, _) = client.post("/servers?dryRun=true", wanted).await;
    assert_eq!((status, client.panel.servers().len()), (200, 2));
}

#[tokio::test]
async fn no_room_is_a_422_and_deleting_makes_room() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let user = client.user().await;
    client.panel.set_capacity(1);
    let id = client.server(user).await;
    let wanted = json!({"packageId": 2, "userId": user, "hypervisorId": 1});
    let (status, refused) = client.post("/servers", wanted).await;
    assert_eq!(status, 422);
    assert!(refused["errors"][0].is_string());
    let (_, room) = client.get("/compute/hypervisors/groups/1/resources").await;
    assert_eq!(room["data"][0]["resources"]["servers"]["free"], json!(0));
    let path = format!("/servers/{id}?delay=10");
    assert_eq!(client.call("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(client.get(&format!("/servers/{id}")).await.0, 200);
    client.panel.ticker().advance(601);
    let gone = client.call("DELETE", &path, Value::Null).await;
    assert_eq!(gone, (404, json!({"msg": "server not found"})));
    client.server(user).await;
}

#[tokio::test]
async fn sizes_change_only_by_the_flags_and_keys_the_panel_knows() {
    let client = Client::new(VirtfusionConfig::default()).await;
    let user = client.user().await;
    let id = client.server(user).await;
    let (status, _) = client
        .call("PUT", &format!("/servers/{id}/package/3"), json!({"cpu": true}))
        .await;
    assert_eq!(status, 200);
    let server = client.panel.server(id).unwrap();
    assert_eq!((server.cpu_cores, server.memory_mb), (4, 2048));
    client
        .call("PUT", &format!("/servers/{id}/modify/cpuCores"), json!({"cpuCores": 6}))
        .await;
    assert_eq!(client.panel.server(id).unwrap().cpu_cores, 4);
    client
        .call("PUT", &format!("/servers/{id}/modify/cpuCores"), json!({"cores": 6}))
        .await;
    assert_eq!(client.panel.server(id).unwrap().cpu_cores, 6);
    let (status, _) = client
        .call(
            "PUT",
            &format!("/servers/{id}/package/1"),
            json!({"primaryDiskSize": true}),
        )
        .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn failed_builds_power_links_and_pages() {
    let client = Client::new(VirtfusionConfig {
        build_polls: 0,
        ..VirtfusionConfig::default()
    })
    .await;
    let user = client.user().await;
    let id = client.server(user).await;
    client.panel.fail_builds(1);
    let order = json!({"operatingSystemId": 1});
    client.post(&format!("/servers/{id}/build"), order.clone()).await;
    let (_, shown) = client.get(&format!("/servers/{id}")).await;
    assert_eq!(shown["data"]["buildFailed"], json!(true));
    client.post(&format!("/servers/{id}/build"), order).await;
    let (status, power) = client.post(&format!("/servers/{id}/power/restart"), Value::Null).await;
    assert_eq!(status, 200);
    let (_, queued) = client.get(&format!("/queue/{}", power["data"]["queueId"])).await;
    assert_eq!(queued["data"]["progress"], json!(100));
    let (_, link) = client
        .post(&format!("/users/1001/serverAuthenticationTokens/{id}"), Value::Null)
        .await;
    let path = link["data"]["authentication"]["endpoint_complete"]
        .as_str()
        .unwrap()
        .to_owned();
    let follow = || client.http.get(format!("{}{path}", client.panel.url())).send();
    assert_eq!(follow().await.unwrap().status(), 200);
    assert_eq!(follow().await.unwrap().status(), 401);
    client.server(user).await;
    let (_, page) = client.get("/servers?results=1&page=2").await;
    assert_eq!(
        (&page["total"], &page["last_page"], &page["from"]),
        (&json!(2), &json!(2), &json!(2))
    );
}
