//! Who comes and goes, and who learns of it.

use std::collections::BTreeSet;

use zentalk_group_keys::{GroupInput, GroupKeys, MAX_MEMBERS};

use super::super::plan::{Action, below};
use super::super::stay::{Life, Stay};
use super::{CALL, Happening, Lesson, MAX_STAYS, SECOND, World};

impl World {
    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Join => self.join(),
            Action::Leave(pick) => self.end(pick, Life::Left),
            Action::Crash(pick) => self.end(pick, Life::Crashed),
        }
    }

    /// A person accepts the invitation of somebody who is in the call.
    fn join(&mut self) {
        let settled = |stay: &Stay| stay.is_live() && stay.keys.epoch().is_some();
        let hosts: Vec<usize> =
            (0..self.stays.len()).filter(|id| settled(&self.stays[*id])).collect();
        let Some(index) = self.free_index() else { return };
        let Some(host) = hosts.get(below(&mut self.rng, hosts.len() as u64) as usize) else {
            return;
        };
        let (host, info, leader) = (*host, self.new_info(), self.stays[*host].keys.leader());
        let keys = GroupKeys::joining(self.now, CALL, index, &info, leader, &mut self.rng);
        let id = self.stays.len();
        self.show(|| format!("stay {id} joins as {index}, invited by {host}, asks {leader}"));
        let named = self.named_by(host);
        self.stays.push(Stay::new(index, info, keys.unwrap()));
        for other in &named {
            let (index, info) = (self.stays[*other].index, self.stays[*other].info.clone());
            let input = GroupInput::Named { index, info };
            self.stays[id].keys.handle_input(self.now, input, &mut self.rng);
        }
        self.stays[id].told_of.clone_from(&named);
        self.drain(id);
        self.schedule(self.now + SECOND, Happening::Talk { stay: id });
        // The server tells a newcomer who is there, and so who is not.
        for other in 0..id {
            let input = match self.stays[other].life {
                Life::Live => continue,
                Life::Crashed => Lesson::Crashed(other),
                Life::Left | Life::Replaced => Lesson::Left(other),
            };
            let when = self.later(1_000, 12_000);
            self.schedule(when, Happening::Learn { stay: id, input });
        }
        let soon = self.later(20, 800);
        self.schedule(soon, Happening::Learn { stay: host, input: Lesson::Joined(id) });
        // The newcomer tells all whom it knows of, since whoever invited it may be lost.
        for stay in named {
            let later = self.later(5_000, 6_000);
            self.schedule(later, Happening::Learn { stay, input: Lesson::Joined(id) });
        }
    }

    /// Whom an invitation of this one names: itself and whom its roster has.
    fn named_by(&self, host: usize) -> Vec<usize> {
        let knows = |id: &usize| *id == host || self.stays[host].knows(&self.stays[*id]);
        (0..self.stays.len()).filter(knows).collect()
    }

    /// Whoever is in the roster no more and has not said goodbye here is lost, and may come back.
    pub(super) fn miss_removed(&mut self, id: usize) {
        let here = |other: &usize| self.stays[id].knows(&self.stays[*other]);
        let listed: BTreeSet<usize> = (0..self.stays.len()).filter(here).collect();
        self.stays[id].met.extend(&listed);
        let before = core::mem::replace(&mut self.stays[id].listed, listed.clone());
        for other in before.difference(&listed) {
            // Its frames are nobody's now, which is said by the roster.
            if let Some(heard) = self.stays[id].heard.get_mut(other) {
                heard.failing = None;
            }
            if !self.stays[id].goodbyes.contains(other) {
                let input = GroupInput::Crashed { index: self.stays[*other].index };
                self.stays[id].keys.handle_input(self.now, input, &mut self.rng);
            }
        }
    }

    /// Whoever is cut off from others, as the server sees it, is reported to them as lost, and they to it.
    pub(super) fn leases(&mut self) {
        for stay in 0..self.stays.len() {
            for other in 0..self.stays.len() {
                if self.stays[other].is_live() && self.plan.is_cut(self.now, stay, other, true) {
                    let when = self.later(0, 2_000);
                    self.schedule(when, Happening::Learn { stay, input: Lesson::Crashed(other) });
                }
            }
        }
    }

    /// The lowest index that nobody has or had lately.
    fn free_index(&self) -> Option<u8> {
        (0..MAX_MEMBERS).find(|index| !self.stays.iter().any(|stay| stay.index == *index))
    }

    fn end(&mut self, pick: u64, life: Life) {
        let live: Vec<usize> =
            (0..self.stays.len()).filter(|id| self.stays[*id].is_live()).collect();
        if live.len() < 2 {
            return;
        }
        let gone = live[(pick % live.len() as u64) as usize];
        self.end_as(gone, life);
    }

    pub(super) fn end_as(&mut self, gone: usize, life: Life) {
        self.show(|| format!("stay {gone}: {life:?}"));
        self.stays[gone].life = life;
        self.stays[gone].ended = Some(self.now);
        if life != Life::Crashed && !self.plan.malice {
            let input = GroupInput::Leave { index: self.stays[gone].index };
            self.stays[gone].keys.handle_input(self.now, input, &mut self.rng);
            self.drain(gone);
        }
        // Goodbyes get lost, and leases are read late; those who are told tell the others.
        for stay in 0..MAX_STAYS {
            let unlucky = below(&mut self.rng, 10) == 0;
            let (when, input) = match life {
                Life::Crashed if unlucky => (self.later(12_000, 16_000), Lesson::Crashed(gone)),
                Life::Crashed => (self.later(5_000, 12_000), Lesson::Crashed(gone)),
                _ if unlucky => (self.later(5_000, 10_000), Lesson::Left(gone)),
                _ => (self.later(20, 1_000), Lesson::Left(gone)),
            };
            self.schedule(when, Happening::Learn { stay, input });
        }
    }

    pub(super) fn learn(&mut self, id: usize, lesson: Lesson) {
        if !self.stays.get(id).is_some_and(Stay::is_live) {
            return;
        }
        let input = match lesson {
            Lesson::Joined(other) if !self.stays[other].is_live() => return,
            Lesson::Joined(other) => {
                self.stays[id].met.insert(other);
                let (index, info) = (self.stays[other].index, self.stays[other].info.clone());
                GroupInput::Join { index, info }
            }
            Lesson::Left(other) => {
                self.stays[id].told_of_end.insert(other);
                self.stays[id].goodbyes.insert(other);
                GroupInput::Leave { index: self.stays[other].index }
            }
            Lesson::Crashed(other) => {
                self.stays[id].told_of_end.insert(other);
                GroupInput::Crashed { index: self.stays[other].index }
            }
        };
        self.show(|| format!("stay {id} learns {input:?}"));
        self.stays[id].keys.handle_input(self.now, input, &mut self.rng);
        self.drain(id);
    }
}
