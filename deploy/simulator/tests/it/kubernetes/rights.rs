//! Who may do what by the cluster's own roles, and how the local account proves itself.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Config};
use reqwest::{Identity, Method, StatusCode};
use serde_json::{Value, json};

use super::{FromPem, SERVER, Shop, behind_the_door, client, kubeconfig, within};
use crate::aks::{self, CLUSTER};
use crate::visitor::Visitor;

/// A cluster with local accounts, and its own account.
async fn local() -> (Shop, Account) {
    let mut body = aks::body();
    body["properties"]["disableLocalAccounts"] = json!(false);
    let shop = Shop::with(body).await;
    let account = Account::ask(&shop.visitor).await;
    (shop, account)
}

/// What a kubeconfig of the local account holds.
struct Account {
    server: String,
    authority: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Account {
    async fn ask(visitor: &Visitor) -> Self {
        let config = kubeconfig(visitor, "listClusterAdminCredential").await;
        let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
        let data = |of: &Value, name: &str| STANDARD.decode(of[name].as_str().unwrap()).unwrap();
        Self {
            server: cluster["server"].as_str().unwrap().to_owned(),
            authority: data(cluster, "certificate-authority-data"),
            certificate: data(user, "client-certificate-data"),
            key: data(user, "client-key-data"),
        }
    }

    /// The `kube` client with the certificate and no token.
    fn client(&self, visitor: &Visitor) -> Client {
        let mut config = Config::new(self.server.parse().unwrap());
        config.root_cert = Some(vec![rustls_pki_types::CertificateDer::from_pem(&self.authority)]);
        config.proxy_url = Some(format!("http://localhost:{}", visitor.world().door_port).parse().unwrap());
        config.auth_info.client_certificate_data = Some(STANDARD.encode(&self.certificate));
        config.auth_info.client_key_data = Some(STANDARD.encode(&self.key).into());
        Client::try_from(config).unwrap()
    }

    /// What the API server says to somebody with this certificate and no token; nothing where it is another's.
    async fn namespaces(&self, visitor: &Visitor) -> Option<StatusCode> {
        let identity = Identity::from_pem(&[&self.key[..], &self.certificate].concat()).unwrap();
        let client = behind_the_door(visitor, &self.authority).identity(identity).build().unwrap();
        let asked = client.get(format!("{}/api/v1/namespaces", self.server)).send().await;
        asked.ok().map(|reply| reply.status())
    }
}

/// Somebody with the token of a service account.
async fn program(shop: &Shop, name: &str) -> Client {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    shop.apply::<ServiceAccount>(account).await;
    let request = serde_json::from_value(json!({"spec": {"audiences": [], "expirationSeconds": 3600}})).unwrap();
    let accounts: Api<ServiceAccount> = shop.api();
    let issued = accounts.create_token_request(name, &PostParams::default(), &request).await.unwrap();
    client(&shop.visitor, &issued.status.unwrap().token).await
}

fn refused<T: std::fmt::Debug>(answer: Result<T, kube::Error>) -> (u16, String) {
    match answer {
        Err(kube::Error::Api(status)) => (status.code, status.message.clone()),
        other => panic!("{other:?}"),
    }
}

async fn whether(client: &Client, attributes: Value) -> (bool, String) {
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes}});
    let request = http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&review).unwrap())
        .unwrap();
    let answer: Value = client.request(request).await.unwrap();
    (answer["status"]["allowed"] == true, answer["status"]["reason"].as_str().unwrap_or_default().to_owned())
}

fn role(name: &str, rules: Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules})
}

fn bind(name: &str, kind: &str, role: &str, account: &str) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": account}]})
}

#[tokio::test]
async fn a_certificate_of_the_clusters_own_authority_opens_it_until_the_authority_changes() {
    let (shop, account) = local().await;
    let visitor = &shop.visitor;
    assert_eq!(account.namespaces(visitor).await, Some(StatusCode::OK));
    let stranger = azure_simulator::authority::Authority::make("somebody else").unwrap();
    let (certificate, key) = stranger.client("masterclient", "system:masters").unwrap();
    let forged = Account { certificate: certificate.into(), key: key.into(), ..Account::ask(visitor).await };
    assert_eq!(forged.namespaces(visitor).await, Some(StatusCode::UNAUTHORIZED));

    let mut closed = aks::body();
    closed["properties"]["disableLocalAccounts"] = json!(true);
    let asked = visitor.arm(Method::PUT, CLUSTER, closed.clone()).await;
    aks::done(visitor, &asked).await;
    let status = account.namespaces(visitor).await;
    assert_eq!(status, Some(StatusCode::OK), "certificates that were handed out count until they are rotated");
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/rotateClusterCertificates"), Value::Null).await;
    aks::done(visitor, &asked).await;
    assert_eq!(account.namespaces(visitor).await, None, "another authority answers");
    let config = kubeconfig(visitor, "listClusterUserCredential").await;
    let authority = config["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap();
    let after = Account { authority: STANDARD.decode(authority).unwrap(), ..account };
    within(10, async || (after.namespaces(visitor).await == Some(StatusCode::UNAUTHORIZED)).then_some(())).await;
}

#[tokio::test]
async fn the_kubeconfig_works_in_a_client_that_nobody_here_wrote() {
    let (shop, account) = local().await;
    let client = account.client(&shop.visitor);
    let roles: Api<ClusterRole> = Api::all(client.clone());
    let names: Vec<String> =
        roles.list(&ListParams::default()).await.unwrap().into_iter().filter_map(|it| it.metadata.name).collect();
    assert_eq!(names, ["cluster-admin", "admin", "edit", "view"]);
    let (yes, _) = whether(&client, json!({"verb": "delete", "resource": "nodes"})).await;
    assert!(yes);
}

#[tokio::test]
async fn a_program_may_what_its_roles_say_where_they_say_it() {
    let (shop, _) = local().await;
    let web = program(&shop, "web").await;
    let pods: Api<Pod> = Api::default_namespaced(web.clone());
    let (code, said) = refused(pods.list(&ListParams::default()).await);
    assert_eq!(code, 403);
    assert_eq!(
        said,
        "pods is forbidden: User \"system:serviceaccount:default:web\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
    );

    shop.apply::<Role>(role("look", json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}])))
        .await;
    shop.apply::<RoleBinding>(bind("web-looks", "Role", "look", "web")).await;
    assert!(pods.list(&ListParams::default()).await.is_ok());
    assert_eq!(refused(pods.delete("none", &Default::default()).await).0, 403);
    let elsewhere: Api<Pod> = Api::namespaced(web.clone(), "kube-system");
    assert_eq!(refused(elsewhere.list(&ListParams::default()).await).0, 403);
    let (yes, why) = whether(&web, json!({"verb": "list", "resource": "pods", "namespace": "default"})).await;
    assert!(yes);
    assert_eq!(
        why,
        "RBAC: allowed by RoleBinding \"web-looks/default\" of Role \"look\" to ServiceAccount \"web/default\""
    );
    let (yes, _) =
        whether(&web, json!({"verb": "get", "resource": "pods", "subresource": "log", "namespace": "default"})).await;
    assert!(!yes, "the log is a resource of its own");

    // A role of every cluster, in one namespace and then in all.
    shop.apply::<RoleBinding>(bind("web-edits", "ClusterRole", "edit", "web")).await;
    let maps: Api<ConfigMap> = Api::default_namespaced(web.clone());
    let map = serde_json::from_value(json!({"metadata": {"name": "colours"}})).unwrap();
    maps.create(&PostParams::default(), &map).await.unwrap();
    let wide = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "all-see"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:serviceaccounts"}]});
    let bindings: Api<ClusterRoleBinding> = Api::all(shop.client.clone());
    bindings.create(&PostParams::default(), &serde_json::from_value(wide).unwrap()).await.unwrap();
    assert!(elsewhere.list(&ListParams::default()).await.is_ok());
    bindings.delete("all-see", &Default::default()).await.unwrap();
    assert_eq!(refused(elsewhere.list(&ListParams::default()).await).0, 403, "what is taken away counts no longer");
}

#[tokio::test]
async fn nobody_gives_away_what_they_do_not_have() {
    let (shop, _) = local().await;
    let clerk = program(&shop, "clerk").await;
    shop.apply::<RoleBinding>(bind("clerk-administers", "ClusterRole", "admin", "clerk")).await;
    let roles: Api<Role> = Api::default_namespaced(clerk.clone());
    let post = PostParams::default();
    let small = role("small", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]));
    roles.create(&post, &serde_json::from_value(small).unwrap()).await.unwrap();
    let large = role("large", json!([{"verbs": ["delete"], "apiGroups": [""], "resources": ["nodes"]}]));
    let (code, said) = refused(roles.create(&post, &serde_json::from_value(large.clone()).unwrap()).await);
    assert_eq!(code, 403);
    assert!(said.contains("is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"delete\"]}"), "{said}");
    // Neither by a patch, nor through a binding.
    let grown = Patch::Merge(json!({"rules": large["rules"]}));
    assert_eq!(refused(roles.patch("small", &PatchParams::default(), &grown).await).0, 403);
    shop.apply::<Role>(large).await;
    let bindings: Api<RoleBinding> = Api::default_namespaced(clerk);
    for (kind, name) in [("Role", "large"), ("ClusterRole", "cluster-admin")] {
        let binding = serde_json::from_value(bind("clerk-grows", kind, name, "clerk")).unwrap();
        assert_eq!(refused(bindings.create(&post, &binding).await).0, 403, "{name}");
    }
    let none = serde_json::from_value(bind("none", "Role", "none", "clerk")).unwrap();
    assert_eq!(refused(bindings.create(&post, &none).await).0, 404);
}

#[tokio::test]
async fn roles_and_bindings_keep_their_form() {
    let (shop, _) = local().await;
    let post = PostParams::default();
    let wrong = |object: Value| {
        let bindings: Api<RoleBinding> = shop.api();
        let roles: Api<Role> = shop.api();
        async move {
            match object["kind"].as_str() {
                Some("Role") => {
                    refused(roles.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await)
                }
                _ => refused(bindings.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await),
            }
        }
    };
    let (code, said) = wrong(role("empty", json!([{"verbs": []}]))).await;
    assert_eq!(code, 422);
    assert!(
        said.contains("rules[0].verbs: Required value") && said.contains("rules[0].apiGroups: Required value"),
        "{said}"
    );
    let mut stranger = bind("strange", "Role", "look", "web");
    stranger["roleRef"]["kind"] = json!("Licence");
    assert!(wrong(stranger).await.1.contains("roleRef.kind: Unsupported value: \"Licence\""));

    let bindings: Api<RoleBinding> = shop.api();
    bindings
        .create(&post, &serde_json::from_value(bind("system:web", "ClusterRole", "view", "web")).unwrap())
        .await
        .unwrap();
    let other = Patch::Merge(json!({"roleRef": {"name": "edit"}}));
    let (code, said) = refused(bindings.patch("system:web", &PatchParams::default(), &other).await);
    assert!(code == 422 && said.contains("cannot change roleRef"), "{said}");
    let roles: Api<ClusterRole> = Api::all(shop.client.clone());
    assert_eq!(refused(roles.delete("view", &Default::default()).await).0, 403);
    let again = serde_json::from_value(json!({"metadata": {"name": "view"}})).unwrap();
    assert_eq!(refused(roles.create(&post, &again).await).0, 409);
}

#[tokio::test]
async fn somebody_speaks_for_others_only_where_they_may() {
    let (shop, _) = local().await;
    let ask = |client: Client, user: &'static str| async move {
        let request = http::Request::get("/api/v1/namespaces/default/pods").header("impersonate-user", user);
        client.request_text(request.body(Vec::new()).unwrap()).await
    };
    let owner = shop.client.clone();
    let (code, said) = refused(ask(owner.clone(), "system:serviceaccount:default:web").await);
    assert!(code == 403 && said.contains("User \"system:serviceaccount:default:web\" cannot list"), "{said}");
    shop.apply::<RoleBinding>(bind("web-sees", "ClusterRole", "view", "web")).await;
    assert!(ask(owner, "system:serviceaccount:default:web").await.is_ok());
    let web = program(&shop, "web").await;
    let (code, said) = refused(ask(web, "somebody").await);
    assert_eq!(code, 403);
    assert!(said.contains("cannot impersonate resource \"users\" in API group \"\" at the cluster scope"), "{said}");
}

#[tokio::test]
async fn people_of_the_directory_are_asked_about_in_the_cluster_where_azure_is_not() {
    let mut body = aks::body();
    body["properties"]["aadProfile"] = json!({"managed": true, "enableAzureRBAC": false, "adminGroupObjectIDs": ["11111111-1111-1111-1111-111111111111"]});
    body["properties"]["disableLocalAccounts"] = json!(false);
    let visitor = Visitor::with(azure_simulator::Clock::wall(600.0)).await;
    aks::make(&visitor, body).await;
    let account = Account::ask(&visitor).await;
    let bindings: Api<ClusterRoleBinding> = Api::all(account.client(&visitor));
    let of_groups = bindings.get("aks-cluster-admin-binding-aad").await.unwrap();
    assert_eq!(of_groups.subjects.unwrap()[0].name, "11111111-1111-1111-1111-111111111111");

    let token = visitor.owner(SERVER).await;
    let me = azure_simulator::tokens::unverified(&token).unwrap()["oid"].as_str().unwrap().to_owned();
    let owner = client(&visitor, &token).await;
    let pods: Api<Pod> = Api::default_namespaced(owner);
    let (code, said) = refused(pods.list(&ListParams::default()).await);
    assert!(code == 403 && !said.contains("in Azure"), "{said}");
    let mine = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "mine"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": me}]});
    bindings.create(&PostParams::default(), &serde_json::from_value(mine).unwrap()).await.unwrap();
    assert!(pods.list(&ListParams::default()).await.is_ok());
}
