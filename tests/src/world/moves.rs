//! People who change their place or lose their network in the middle of a call.

use core::net::SocketAddr;
use core::time::Duration;

use super::World;
use crate::home::Home;

/// Until a program hears that its addresses have changed, and has opened new sockets.
const NOTICED_AFTER: Duration = Duration::from_millis(50);

impl World {
    /// `who` goes elsewhere: their addresses are gone at once, and their program is told of those at `home` a
    /// moment later.
    pub fn roam(&mut self, who: usize, home: &Home) {
        let now = self.now;
        let old = core::mem::take(&mut self.person(who).sockets);
        for socket in &old {
            self.network.remove(now, socket.ip());
        }
        self.person(who).moves += 1;
        let names = (who as u8 + 1, self.person(who).moves);
        let addresses = home.join(&mut self.network, self.access, names);
        self.run_for(NOTICED_AFTER);
        let now = self.now;
        let sockets: Vec<_> =
            addresses.into_iter().map(|ip| SocketAddr::new(ip, self.network.port())).collect();
        let person = self.person(who);
        for socket in old {
            person.engine.remove_socket(now, socket);
        }
        for socket in &sockets {
            // What cannot be used is not: the call shows it.
            let _ = person.engine.add_socket(now, *socket, None);
        }
        person.address = sockets.first().copied().unwrap_or(person.address);
        person.sockets = sockets;
        person.engine.network_changed(now);
        self.settle();
    }

    /// Neither the network nor the relay reaches `who` any more.
    pub fn cut_off(&mut self, who: usize) {
        self.set_reachable(who, false);
    }

    /// Both reach `who` again.
    pub fn restore(&mut self, who: usize) {
        self.set_reachable(who, true);
    }

    fn set_reachable(&mut self, who: usize, reachable: bool) {
        let person = self.person(who);
        person.is_cut_off = !reachable;
        for socket in person.sockets.clone() {
            match reachable {
                true => self.network.heal(socket.ip()),
                false => self.network.cut(socket.ip()),
            }
        }
    }
}
