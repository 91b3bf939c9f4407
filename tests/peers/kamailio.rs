//! A provider played by Kamailio: it registers its customers, asks for their
//! passwords, and puts calls through between them.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::running::{self, Running, free_port, wait_for};

pub const PASSWORD: &str = "fritz";

pub struct Kamailio {
    pub at: SocketAddr,
    log: PathBuf,
    _running: Running,
}

/// Everybody's password is the same; each nonce's uses are counted.
fn config(port: u16) -> String {
    let modules = [
        "tm",
        "sl",
        "rr",
        "pv",
        "maxfwd",
        "usrloc",
        "registrar",
        "siputils",
        "textops",
        "xlog",
        "auth",
    ];
    let modules: String = modules.map(|name| format!("loadmodule \"{name}.so\"\n")).concat();
    format!(
        r#"#!KAMAILIO
debug=1
log_stderror=yes
fork=no
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:127.0.0.1:{port}
{modules}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_expires", 120)
modparam("registrar", "min_expires", 60)
modparam("auth", "qop", "auth")
modparam("auth", "nonce_count", 1)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("the provider", "{PASSWORD}", "0")) {{
            xlog("L_ERR", "unknown $fU\n");
            www_challenge("the provider", "1");
            exit;
        }}
        save("location");
        xlog("L_ERR", "registered $fU for $hdr(Expires) s\n");
        exit;
    }}
    if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
    if (!pv_proxy_authenticate("the provider", "{PASSWORD}", "0")) {{
        proxy_challenge("the provider", "1");
        exit;
    }}
    consume_credentials();
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Nobody has this number"); exit; }}
    t_relay();
}}
"#
    )
}

impl Kamailio {
    /// Listens when this returns.
    pub fn start(folder: &Path) -> Self {
        let port = free_port();
        let (file, log) = (folder.join("kamailio.cfg"), folder.join("kamailio.log"));
        std::fs::write(&file, config(port)).unwrap();
        let said = File::create(&log).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("kamailio");
        command.env("PATH", path).arg("-f").arg(&file).args(["-DD", "-E", "-m", "16", "-M", "4"]);
        command.arg("-Y").arg(folder).arg("-P").arg(folder.join("kamailio.pid"));
        command.stdout(said.try_clone().unwrap()).stderr(said);
        let running = Running::start(&mut command, "kamailio");
        let local = format!(" 0100007F:{port:04X} ");
        wait_for("Kamailio to listen", || {
            running::text("/proc/net/udp".as_ref()).contains(&local).then_some(())
        });
        Self { at: SocketAddr::from(([127, 0, 0, 1], port)), log, _running: running }
    }

    pub fn log(&self) -> String {
        running::text(&self.log)
    }

    pub fn says(&self, word: &str) {
        wait_for(&format!("Kamailio to say {word:?}"), || self.log().contains(word).then_some(()));
    }
}
