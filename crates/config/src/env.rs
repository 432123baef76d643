//! What the surroundings say: home directories, host name, name servers. Everything has a value without them.

/// The values that defaults may refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    /// `${user.home}`: the user's home directory; `.` if unknown.
    pub user_home: Option<String>,
    /// `${namesrv.addr}`: environment variable `NAMESRV_ADDR`.
    pub namesrv_addr: Option<String>,
    /// `${host.name}`: this host's name; `DEFAULT_BROKER` if unknown.
    pub host_name: Option<String>,
}

impl Env {
    /// Takes the values from `variable`, which looks an environment variable up; empty ones count as absent.
    /// The host name is no variable: the caller sets it.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
        Self {
            user_home: variable("HOME"),
            namesrv_addr: variable("NAMESRV_ADDR"),
            host_name: variable("HOSTNAME"),
        }
    }

    /// Replaces the `${…}` of a default.
    pub(crate) fn expand(&self, text: &str) -> String {
        if !text.contains("${") {
            return text.to_owned();
        }
        let or = |value: &Option<String>, otherwise: &str| {
            value.clone().unwrap_or_else(|| otherwise.to_owned())
        };
        text.replace("${user.home}", &or(&self.user_home, "."))
            .replace("${namesrv.addr}", &or(&self.namesrv_addr, ""))
            .replace("${host.name}", &or(&self.host_name, "DEFAULT_BROKER"))
    }
}
