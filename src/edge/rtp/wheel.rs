//! A timer wheel of one-millisecond slots: what is to be sent when. Sending
//! on it neither allocates nor sorts.

const SLOTS: u64 = 128;

/// Keys by the millisecond they are due at. A key that is no longer due at
/// the tick it comes up at is passed over by its owner, not removed here.
#[derive(Debug)]
pub(super) struct Wheel {
    slots: Vec<Vec<usize>>,
    /// Everything up to this tick has been taken.
    done: u64,
    waiting: usize,
}

impl Wheel {
    pub fn new(now: u64) -> Self {
        Self { slots: vec![Vec::new(); SLOTS as usize], done: now, waiting: 0 }
    }

    /// `tick` is brought into the wheel's reach: the next 127 milliseconds.
    pub fn schedule(&mut self, key: usize, tick: u64) -> u64 {
        let tick = tick.clamp(self.done + 1, self.done + SLOTS - 1);
        self.slots[(tick % SLOTS) as usize].push(key);
        self.waiting += 1;
        tick
    }

    /// The emptiest millisecond of a span, the latest of several: many
    /// streams that begin at once are spread by it.
    pub fn lightest(&self, from: u64, to: u64) -> u64 {
        let loads = (from..=to).rev().map(|tick| (self.load(tick), tick));
        loads.min_by_key(|(load, _)| *load).map_or(to, |(_, tick)| tick)
    }

    /// The earliest tick at which something waits.
    pub fn next(&self) -> Option<u64> {
        if self.waiting == 0 {
            return None;
        }
        (self.done + 1..self.done + SLOTS).find(|tick| self.load(*tick) > 0)
    }

    /// The earliest tick up to `now` not yet taken, with its keys put into
    /// `keys`. After a long sleep only the last turn of the wheel counts.
    pub fn take(&mut self, now: u64, keys: &mut Vec<usize>) -> Option<u64> {
        keys.clear();
        if self.done >= now {
            return None;
        }
        if self.waiting == 0 {
            self.done = now;
            return None;
        }
        let tick = (self.done + 1).max(now.saturating_sub(SLOTS - 1));
        self.done = tick;
        std::mem::swap(&mut self.slots[(tick % SLOTS) as usize], keys);
        self.waiting -= keys.len();
        Some(tick)
    }

    fn load(&self, tick: u64) -> usize {
        self.slots[(tick % SLOTS) as usize].len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(wheel: &mut Wheel, now: u64) -> Vec<(u64, usize)> {
        let (mut all, mut keys) = (Vec::new(), Vec::new());
        while let Some(tick) = wheel.take(now, &mut keys) {
            all.extend(keys.iter().map(|key| (tick, *key)));
        }
        all
    }

    #[test]
    fn keys_come_up_at_their_tick_and_in_order() {
        let mut wheel = Wheel::new(1_000);
        wheel.schedule(7, 1_020);
        wheel.schedule(8, 1_005);
        assert_eq!(wheel.next(), Some(1_005));
        assert_eq!(drained(&mut wheel, 1_010), [(1_005, 8)]);
        assert_eq!(drained(&mut wheel, 1_030), [(1_020, 7)]);
        assert_eq!(wheel.next(), None);
    }

    #[test]
    fn a_beginning_of_many_is_spread_evenly() {
        let mut wheel = Wheel::new(0);
        for key in 0..1_000 {
            let tick = wheel.lightest(11, 20);
            wheel.schedule(key, tick);
        }
        assert!((11..=20).all(|tick| wheel.load(tick) == 100));
    }

    #[test]
    fn after_a_long_sleep_each_key_comes_up_once() {
        let mut wheel = Wheel::new(0);
        wheel.schedule(1, 20);
        wheel.schedule(2, 90);
        let keys: Vec<usize> = drained(&mut wheel, 1_000_000).into_iter().map(|(_, k)| k).collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(wheel.schedule(3, 5), 1_000_001);
    }
}
