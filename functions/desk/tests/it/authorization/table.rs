//! Who may do what, route by route, as the specification says it.

/// A row is a method, a path, what proves the caller, who may, the scopes that a key needs, and the status of success.
///
/// Who may: `V` viewers, `G` agents, `A` admins and `O` owners of the workspace, `P` operators who name it, `W` the visitor
/// whose thing it is, and `X` another visitor. A small letter, or `~` before a scope: the role is enough, but the thing is
/// another author's, and is not found. `now`: the membership is read, so that a token of a former role is not enough.
/// `module`: refusals are modules too, which say why.
///
/// What proves the caller: `public` nothing, `cookie` the refresh token of a browser, `token` any token, `person` an access
/// token, `operator` one of an operator, `link` an access token with the link of a mail, `tenant` an access token or a
/// key, `reader` one of those or the token of a visitor, `visitor` that alone.
///
/// Five requests are refused although the caller may send them: a sign-in, two links and a change of a password that prove
/// nothing, and an invitation of another address.
const TABLE: &str = "\
    GET     /desk/health                                        public    -       -                    200
    HEAD    /desk/health                                        public    -       -                    200
    GET     /desk/ready                                         public    -       -                    200
    HEAD    /desk/ready                                         public    -       -                    200
    GET     /health/live                                        public    -       -                    200
    HEAD    /health/live                                        public    -       -                    200
    GET     /health/ready                                       public    -       -                    200
    HEAD    /health/ready                                       public    -       -                    200

    POST    /auth/signup                                        public    -       -                    202
    POST    /auth/verify                                        public    -       -                    401
    POST    /auth/login                                         public    -       -                    401
    POST    /auth/password/forgot                               public    -       -                    202
    POST    /auth/password/reset                                public    -       -                    401
    PUT     /auth/password                                      person    -       -                    403

    POST    /auth/refresh                                       cookie    -       -                    200
    POST    /auth/logout                                        public    -       -                    204
    GET     /auth/validate                                      token     -       -                    200
    GET     /auth/me                                            person    -       -                    200
    GET     /auth/methods                                       public    -       -                    200
    GET     /auth/sessions                                      person    -       -                    200
    DELETE  /auth/sessions/{id}                                 person    -       -                    204
    POST    /auth/api-keys                                      tenant    AO      -                    201 now
    GET     /auth/api-keys                                      tenant    AO      -                    200
    DELETE  /auth/api-keys/{id}                                 tenant    AO      -                    204 now
    GET     /.well-known/jwks.json                              public    -       -                    200

    GET     /tenants                                            operator  -       -                    200
    POST    /tenants                                            person    -       -                    201
    GET     /tenants/{id}                                       tenant    VGAOP   -                    200
    PUT     /tenants/{id}                                       tenant    AO      -                    200 now
    DELETE  /tenants/{id}                                       tenant    O       -                    202 now
    GET     /tenants/{id}/limits                                tenant    VGAOP   billing:read         200
    POST    /tenants/{id}/provision                             tenant    OP      -                    202
    POST    /tenants/{id}/restore                               tenant    O       -                    200
    POST    /tenants/{id}/suspend                               tenant    P       -                    200
    POST    /tenants/{id}/resume                                tenant    P       -                    200

    GET     /members                                            tenant    VGAO    members:read         200
    PUT     /members/me                                         tenant    VGAO    -                    200 now
    PATCH   /members/{user_id}                                  tenant    AO      members:write        200 now
    DELETE  /members/{user_id}                                  tenant    AO      members:write        204 now
    GET     /invitations                                        tenant    AO      members:write        200
    POST    /invitations                                        tenant    AO      members:write        201 now
    POST    /invitations/accept                                 link      -       -                    403
    DELETE  /invitations/{id}                                   tenant    AO      members:write        204 now
    GET     /teams                                              tenant    VGAO    members:read         200
    POST    /teams                                              tenant    AO      members:write        201 now
    PUT     /teams/{id}                                         tenant    AO      members:write        200 now
    DELETE  /teams/{id}                                         tenant    AO      members:write        204 now

    GET     /chatbots                                           tenant    VGAO    chatbots:read        200
    POST    /chatbots                                           tenant    AO      chatbots:write       201
    GET     /chatbots/{id}                                      tenant    VGAO    chatbots:read        200
    PUT     /chatbots/{id}                                      tenant    AO      chatbots:write       200
    DELETE  /chatbots/{id}                                      tenant    AO      chatbots:write       204
    POST    /chatbots/{id}/deploy                               tenant    AO      chatbots:write       200
    GET     /chatbots/{id}/deployments                          tenant    VGAO    chatbots:read        200
    POST    /chatbots/{id}/deployments/{number}/activate        tenant    AO      chatbots:write       200
    POST    /chatbots/{id}/identity-secret                      tenant    AO      -                    201 now

    GET     /chatbots/widget/{key}                              public    -       -                    200
    OPTIONS /chatbots/widget/{key}                              public    -       -                    204
    GET     /w.js                                               public    -       -                    200
    GET     /w/{key}                                            public    -       -                    200
    POST    /widget/embed                                       public    -       -                    201
    OPTIONS /widget/embed                                       public    -       -                    204
    GET     /widget/embed/{key}                                 public    -       -                    200 module
    POST    /widget/sessions                                    public    -       -                    201
    POST    /widget/ticket                                      visitor   WX      -                    201
    POST    /ws-ticket                                          tenant    GAO     -                    201 now

    POST    /conversations                                      reader    WXGAO   conversations:write  201
    GET     /conversations                                      reader    GAO     conversations:read   200
    GET     /conversations/counts                               reader    GAO     -                    200
    GET     /conversations/visitor/{visitor}                    reader    WGAO    conversations:read   200
    GET     /conversations/{conversation}                       reader    WGAO    conversations:read   200
    PATCH   /conversations/{conversation}                       reader    GAO     conversations:write  200
    PUT     /conversations/{conversation}/end                   reader    WGAO    conversations:write  200
    PUT     /conversations/{conversation}/prechat               reader    W       -                    200
    POST    /conversations/{conversation}/handoff               reader    WGAO    conversations:write  200
    POST    /conversations/{conversation}/read                  reader    WGAO    conversations:write  200
    POST    /conversations/{conversation}/csat                  reader    W       -                    200
    PUT     /conversations/{conversation}/draft                 reader    GAO     -                    204
    GET     /conversations/{conversation}/transcript            reader    WGAO    conversations:read   200
    POST    /conversations/{conversation}/attachments           reader    WGAO    conversations:write  201
    POST    /conversations/{conversation}/attachments/{upload}  reader    Wgao    ~conversations:write 202
    GET     /conversations/{conversation}/attachments/{upload}  reader    Wgao    ~conversations:read  200
    GET     /conversations/{conversation}/messages              reader    WGAO    conversations:read   200
    POST    /conversations/{conversation}/messages              reader    WGAO    conversations:write  201
    DELETE  /conversations/{conversation}/messages/{seq}        reader    WAO     -                    204

    GET     /contacts                                           tenant    GAO     contacts:read        200
    GET     /contacts/{contact}                                 tenant    GAO     contacts:read        200
    PATCH   /contacts/{contact}                                 tenant    GAO     contacts:write       200
    POST    /contacts/{contact}/merge                           tenant    GAO     contacts:write       200
    POST    /contacts/{contact}/block                           tenant    GAO     contacts:write,conversations:write 200

    GET     /canned                                             tenant    GAO     -                    200
    POST    /canned                                             tenant    AO      -                    201 now
    PUT     /canned/{shortcut}                                  tenant    AO      -                    200 now
    DELETE  /canned/{shortcut}                                  tenant    AO      -                    204 now
    GET     /tags                                               tenant    GAO     -                    200
    POST    /tags                                               tenant    AO      -                    201 now
    PUT     /tags/{id}                                          tenant    AO      -                    200 now
    DELETE  /tags/{id}                                          tenant    AO      -                    204 now
    GET     /views                                              tenant    GAO     -                    200
    POST    /views                                              tenant    GAO     -                    201 now
    PUT     /views/{id}                                         tenant    AO      -                    200 now
    DELETE  /views/{id}                                         tenant    AO      -                    204 now
    GET     /hours                                              tenant    GAO     -                    200
    PUT     /hours                                              tenant    AO      -                    200 now
    GET     /audit                                              tenant    AOP     -                    200";

/// What proves the caller of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Public,
    Cookie,
    Token,
    Person,
    Operator,
    Link,
    Tenant,
    Reader,
    Visitor,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) proof: Proof,
    who: &'static str,
    /// All that a key needs.
    scopes: Vec<&'static str>,
    pub(crate) hides_from_keys: bool,
    pub(crate) status: u16,
    pub(crate) reads_membership: bool,
    pub(crate) refuses_by_module: bool,
}

impl Rule {
    fn parse(line: &'static str) -> Self {
        let columns: Vec<_> = line.split_whitespace().collect();
        let &[method, path, proof, who, scopes, status, ref notes @ ..] = columns.as_slice() else {
            panic!("{line} has too few columns");
        };
        let named = scopes.trim_start_matches('~');
        Self {
            method,
            path,
            proof: parse_proof(proof),
            who,
            scopes: named.split(',').filter(|scope| *scope != "-").collect(),
            hides_from_keys: scopes.starts_with('~'),
            status: status.parse().unwrap(),
            reads_membership: notes.contains(&"now"),
            refuses_by_module: notes.contains(&"module"),
        }
    }

    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn names(&self, letter: char) -> bool {
        self.who.contains(letter)
    }

    /// Whether a key with these scopes may.
    pub(crate) fn takes(&self, scopes: &[&str]) -> bool {
        !self.scopes.is_empty() && self.scopes.iter().all(|scope| scopes.contains(scope))
    }

    pub(crate) fn has_parameters(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether a parameter is a deployment key, which sites publish: that of another workspace is as good.
    pub(crate) fn names_deployment(&self) -> bool {
        self.path.contains("{key}")
    }

    /// Whether a request that succeeds may change rows.
    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.method, "GET" | "HEAD" | "OPTIONS")
    }
}

fn parse_proof(text: &str) -> Proof {
    match text {
        "public" => Proof::Public,
        "cookie" => Proof::Cookie,
        "token" => Proof::Token,
        "person" => Proof::Person,
        "operator" => Proof::Operator,
        "link" => Proof::Link,
        "tenant" => Proof::Tenant,
        "reader" => Proof::Reader,
        "visitor" => Proof::Visitor,
        other => panic!("{other} proves no caller"),
    }
}

pub(crate) fn rules() -> Vec<Rule> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty());
    lines.map(Rule::parse).collect()
}
