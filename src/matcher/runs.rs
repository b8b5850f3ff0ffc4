//! Runs: what each has taken, and lists of those that wait at a state.
//!
//! Runs lie in an arena whose places are used again; a generation tells a run from one that was there
//! before. At a state, runs are listed by partition, or by the key that they wait for, in order of
//! arrival; a run is put into and out of a list without looking at another.

use super::program::StateId;
use super::store::{EventId, NO_EVENT};

/// The number of a run.
pub(super) type RunId = u32;

/// No run, no link.
pub(super) const NONE: u32 = u32::MAX;

/// Stands in [`Run::seen`] of a run that is complete, and in no list any more.
pub(super) const DONE: u64 = u64::MAX;

/// What a step of a run has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Capture {
    #[default]
    Nothing,
    One(EventId),
    /// Several, each by itself.
    List {
        first: EventId,
        node: u32,
        len: u32,
    },
    /// Those of a shared log from here to there; [`NONE`]: to its end.
    Range {
        log: u32,
        from: u32,
        to: u32,
    },
}

/// An element of a list, and the one before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) event: EventId,
    pub(super) before: u32,
}

/// Neighbors in a list.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

const UNLINKED: Link = Link {
    before: NONE,
    after: NONE,
};

/// The lists that a run can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// By state and partition.
    Plain = 0,
    /// By state and key.
    Keyed = 1,
    /// By partition.
    Partition = 2,
}

/// A run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) state: StateId,
    pub(super) partition: u32,
    pub(super) first: EventId,
    /// The last event taken by the run itself.
    pub(super) last: EventId,
    /// The number of that event among its partition's ticks.
    pub(super) ordinal: u64,
    /// The tick at which it was last decided upon.
    pub(super) seen: u64,
    pub(super) generation: u32,
    /// The earliest timer that is set for it.
    pub(super) wake: i64,
    pub(super) alive: bool,
    /// The shared log that it takes events of.
    pub(super) log: u32,
    /// The key it is listed by.
    pub(super) key: u32,
    /// Its place in the tree of its list, if that has one.
    pub(super) slot: u32,
    links: [Link; 3],
}

/// The ends of a list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: u32,
    last: u32,
    count: u32,
}

const EMPTY: Ends = Ends {
    first: NONE,
    last: NONE,
    count: 0,
};

/// The lists at a state.
#[derive(Clone, Debug, Default)]
struct Lists {
    plain: Vec<Ends>,
    keyed: Vec<Ends>,
    live: usize,
}

/// How runs are listed at a state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Listing {
    pub(super) plain: bool,
    /// By the key of this domain.
    pub(super) keyed: Option<usize>,
}

/// All runs.
#[derive(Debug)]
pub(super) struct Runs {
    all: Vec<Run>,
    free: Vec<RunId>,
    captures: Vec<Capture>,
    keys: Vec<u32>,
    marks: Vec<EventId>,
    pub(super) nodes: Vec<Node>,
    lists: Vec<Lists>,
    partitions: Vec<Ends>,
    /// How many steps, domains and marks each has.
    strides: (usize, usize, usize),
    /// Whether runs are listed by partition.
    by_partition: bool,
    live: usize,
}

impl Runs {
    pub(super) fn new(strides: (usize, usize, usize), by_partition: bool) -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
            captures: Vec::new(),
            keys: Vec::new(),
            marks: Vec::new(),
            nodes: Vec::new(),
            lists: Vec::new(),
            partitions: Vec::new(),
            strides,
            by_partition,
            live: 0,
        }
    }

    /// How many runs live.
    pub(super) fn live(&self) -> usize {
        self.live
    }

    /// How many live at a state.
    #[inline]
    pub(super) fn live_at(&self, state: StateId) -> usize {
        self.lists.get(state as usize).map_or(0, |lists| lists.live)
    }

    #[inline]
    pub(super) fn get(&self, id: RunId) -> &Run {
        &self.all[id as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: RunId) -> &mut Run {
        &mut self.all[id as usize]
    }

    /// The living runs, in order of their places in the arena.
    pub(super) fn ids(&self) -> impl Iterator<Item = RunId> + '_ {
        let all = self.all.iter().enumerate();
        all.filter(|(_, run)| run.alive).map(|(id, _)| id as RunId)
    }

    #[inline]
    pub(super) fn capture(&self, id: RunId, step: usize) -> Capture {
        self.captures[id as usize * self.strides.0 + step]
    }

    #[inline]
    pub(super) fn capture_mut(&mut self, id: RunId, step: usize) -> &mut Capture {
        &mut self.captures[id as usize * self.strides.0 + step]
    }

    /// What all steps have taken.
    #[inline]
    pub(super) fn captures(&self, id: RunId) -> &[Capture] {
        &self.captures[id as usize * self.strides.0..][..self.strides.0]
    }

    #[inline]
    pub(super) fn key(&self, id: RunId, domain: usize) -> u32 {
        self.keys[id as usize * self.strides.1 + domain]
    }

    #[inline]
    pub(super) fn key_mut(&mut self, id: RunId, domain: usize) -> &mut u32 {
        &mut self.keys[id as usize * self.strides.1 + domain]
    }

    #[inline]
    pub(super) fn mark(&self, id: RunId, mark: u8) -> EventId {
        self.marks[id as usize * self.strides.2 + usize::from(mark)]
    }

    pub(super) fn set_mark(&mut self, id: RunId, mark: usize, event: EventId) {
        self.marks[id as usize * self.strides.2 + mark] = event;
    }

    /// A run that has taken nothing yet, in no list.
    pub(super) fn begin(&mut self, partition: u32, event: EventId) -> RunId {
        let id = self.place();
        let run = &mut self.all[id as usize];
        run.partition = partition;
        run.first = event;
        run.last = NO_EVENT;
        let at = id as usize;
        self.captures[at * self.strides.0..][..self.strides.0].fill(Capture::Nothing);
        self.keys[at * self.strides.1..][..self.strides.1].fill(NONE);
        self.marks[at * self.strides.2..][..self.strides.2].fill(NO_EVENT);
        self.enlist_partition(id);
        id
    }

    /// Another run that has taken the same, in no list.
    pub(super) fn split(&mut self, of: RunId) -> RunId {
        let id = self.place();
        let generation = self.all[id as usize].generation;
        let links = [UNLINKED; 3];
        self.all[id as usize] = Run {
            generation,
            links,
            slot: NONE,
            wake: i64::MAX,
            ..self.all[of as usize]
        };
        fn copy<T: Copy>(all: &mut [T], of: RunId, to: RunId, stride: usize) {
            all.copy_within(of as usize * stride..(of as usize + 1) * stride, to as usize * stride);
        }
        copy(&mut self.captures, of, id, self.strides.0);
        copy(&mut self.keys, of, id, self.strides.1);
        copy(&mut self.marks, of, id, self.strides.2);
        self.enlist_partition(id);
        id
    }

    fn place(&mut self) -> RunId {
        self.live += 1;
        if let Some(id) = self.free.pop() {
            let run = &mut self.all[id as usize];
            run.alive = true;
            run.wake = i64::MAX;
            run.log = NONE;
            run.slot = NONE;
            run.seen = 0;
            return id;
        }
        self.all.push(Run {
            state: 0,
            partition: 0,
            first: NO_EVENT,
            last: NO_EVENT,
            ordinal: 0,
            seen: 0,
            generation: 0,
            wake: i64::MAX,
            alive: true,
            log: NONE,
            key: NONE,
            slot: NONE,
            links: [UNLINKED; 3],
        });
        let count = self.all.len();
        self.captures.resize(count * self.strides.0, Capture::Nothing);
        self.keys.resize(count * self.strides.1, NONE);
        self.marks.resize(count * self.strides.2, NO_EVENT);
        (count - 1) as RunId
    }

    /// Ends a run that is in no state's lists any more.
    pub(super) fn end(&mut self, id: RunId) {
        if self.by_partition {
            let partition = self.all[id as usize].partition as usize;
            let mut ends = self.partitions[partition];
            self.unlink(id, List::Partition, &mut ends);
            self.partitions[partition] = ends;
        }
        let run = &mut self.all[id as usize];
        run.alive = false;
        run.generation = run.generation.wrapping_add(1);
        self.live -= 1;
        self.free.push(id);
    }

    /// Adds an event to a list that a step has taken.
    pub(super) fn append(&mut self, id: RunId, step: usize, event: EventId) {
        let capture = self.capture(id, step);
        let (first, before, len) = match capture {
            Capture::List { first, node, len } => (first, node, len),
            _ => (event, NONE, 0),
        };
        let node = self.nodes.len() as u32;
        self.nodes.push(Node { event, before });
        *self.capture_mut(id, step) = Capture::List {
            first,
            node,
            len: len + 1,
        };
    }

    /// Puts a run into the lists of its state.
    pub(super) fn enlist(&mut self, id: RunId, listing: Listing) {
        let run = &self.all[id as usize];
        let (state, partition) = (run.state as usize, run.partition);
        if self.lists.len() <= state {
            self.lists.resize_with(state + 1, Lists::default);
        }
        self.lists[state].live += 1;
        if listing.plain {
            let mut ends = take(&mut self.lists[state].plain, partition);
            self.link(id, List::Plain, &mut ends);
            self.lists[state].plain[partition as usize] = ends;
        }
        let key = listing.keyed.map_or(NONE, |domain| self.key(id, domain));
        self.all[id as usize].key = key;
        if key != NONE {
            let mut ends = take(&mut self.lists[state].keyed, key);
            self.link(id, List::Keyed, &mut ends);
            self.lists[state].keyed[key as usize] = ends;
        }
    }

    /// Takes a run out of the lists of its state.
    pub(super) fn delist(&mut self, id: RunId, listing: Listing) {
        let run = &self.all[id as usize];
        let (state, partition, key) = (run.state as usize, run.partition as usize, run.key);
        self.lists[state].live -= 1;
        if listing.plain {
            let mut ends = self.lists[state].plain[partition];
            self.unlink(id, List::Plain, &mut ends);
            self.lists[state].plain[partition] = ends;
        }
        if listing.keyed.is_some() && key != NONE {
            let mut ends = self.lists[state].keyed[key as usize];
            self.unlink(id, List::Keyed, &mut ends);
            self.lists[state].keyed[key as usize] = ends;
        }
    }

    /// The runs at a state, in order of arrival: of a partition, or with a key.
    pub(super) fn listed(&self, state: StateId, list: List, number: u32) -> Listed<'_> {
        let lists = self.lists.get(state as usize);
        let ends = lists.and_then(|lists| match list {
            List::Keyed => lists.keyed.get(number as usize),
            _ => lists.plain.get(number as usize),
        });
        Listed {
            runs: &self.all,
            list,
            ends: *ends.unwrap_or(&EMPTY),
        }
    }

    /// How many runs are in such a list.
    pub(super) fn count(&self, state: StateId, list: List, number: u32) -> u32 {
        self.listed(state, list, number).ends.count
    }

    /// The runs of a partition, in the order in which they began.
    pub(super) fn of_partition(&self, partition: u32) -> Listed<'_> {
        Listed {
            runs: &self.all,
            list: List::Partition,
            ends: *self.partitions.get(partition as usize).unwrap_or(&EMPTY),
        }
    }

    fn enlist_partition(&mut self, id: RunId) {
        if self.by_partition {
            let partition = self.all[id as usize].partition;
            let mut ends = take(&mut self.partitions, partition);
            self.link(id, List::Partition, &mut ends);
            self.partitions[partition as usize] = ends;
        }
    }

    fn link(&mut self, id: RunId, list: List, ends: &mut Ends) {
        let at = list as usize;
        self.all[id as usize].links[at] = Link {
            before: ends.last,
            after: NONE,
        };
        match ends.last {
            NONE => ends.first = id,
            last => self.all[last as usize].links[at].after = id,
        }
        ends.last = id;
        ends.count += 1;
    }

    fn unlink(&mut self, id: RunId, list: List, ends: &mut Ends) {
        let at = list as usize;
        let Link { before, after } = self.all[id as usize].links[at];
        match before {
            NONE => ends.first = after,
            before => self.all[before as usize].links[at].after = after,
        }
        match after {
            NONE => ends.last = before,
            after => self.all[after as usize].links[at].before = before,
        }
        self.all[id as usize].links[at] = UNLINKED;
        ends.count -= 1;
    }

    /// After a sweep of events and keys: refers to them by their new numbers, and puts the nodes of lists
    /// together. `logs`: how many elements went from the beginning of each shared log.
    pub(super) fn rename(&mut self, events: &[EventId], numbers: &[Vec<u32>], logs: &[u32]) {
        let name = |event: EventId| {
            if event == NO_EVENT {
                NO_EVENT
            } else {
                events[event as usize]
            }
        };
        let nodes = std::mem::take(&mut self.nodes);
        let mut moved = vec![NONE; nodes.len()];
        let mut path = Vec::new();
        for id in 0..self.all.len() {
            if !self.all[id].alive {
                continue;
            }
            let run = &mut self.all[id];
            (run.first, run.last) = (name(run.first), name(run.last));
            run.partition = numbers[0].get(run.partition as usize).copied().unwrap_or(run.partition);
            for mark in &mut self.marks[id * self.strides.2..][..self.strides.2] {
                *mark = name(*mark);
            }
            for (key, numbers) in self.keys[id * self.strides.1..].iter_mut().zip(&numbers[1..]) {
                *key = numbers.get(*key as usize).copied().unwrap_or(NONE);
            }
            for at in id * self.strides.0..(id + 1) * self.strides.0 {
                match &mut self.captures[at] {
                    Capture::Nothing => {}
                    Capture::One(event) => *event = name(*event),
                    Capture::List { first, node, .. } => {
                        *first = name(*first);
                        path.clear();
                        let mut next = *node;
                        while next != NONE && moved[next as usize] == NONE {
                            path.push(next);
                            next = nodes[next as usize].before;
                        }
                        let mut before = if next == NONE { NONE } else { moved[next as usize] };
                        for &old in path.iter().rev() {
                            moved[old as usize] = self.nodes.len() as u32;
                            self.nodes.push(Node {
                                event: name(nodes[old as usize].event),
                                before,
                            });
                            before = moved[old as usize];
                        }
                        *node = before;
                    }
                    Capture::Range { log, from, to } => {
                        let gone = logs[*log as usize];
                        *from -= gone;
                        if *to != NONE {
                            *to -= gone;
                        }
                    }
                }
            }
        }
    }

    /// Puts all living runs into the lists anew, in the order that they had.
    pub(super) fn relist(&mut self, listing: impl Fn(StateId) -> Listing) {
        let mut order: Vec<RunId> = Vec::with_capacity(self.live);
        let mut seen = vec![false; self.all.len()];
        for lists in &self.lists {
            for (ends, list) in lists
                .plain
                .iter()
                .map(|ends| (ends, List::Plain))
                .chain(lists.keyed.iter().map(|ends| (ends, List::Keyed)))
            {
                let listed = Listed {
                    runs: &self.all,
                    list,
                    ends: *ends,
                };
                for id in listed.iter() {
                    if !std::mem::replace(&mut seen[id as usize], true) {
                        order.push(id);
                    }
                }
            }
        }
        let partitions: Vec<RunId> = self
            .partitions
            .iter()
            .flat_map(|&ends| {
                let listed = Listed {
                    runs: &self.all,
                    list: List::Partition,
                    ends,
                };
                listed.iter().collect::<Vec<_>>()
            })
            .collect();
        let unlisted = self.ids().filter(|&id| !seen[id as usize]).collect::<Vec<_>>();
        self.lists.iter_mut().for_each(|lists| *lists = Lists::default());
        self.partitions.clear();
        self.all.iter_mut().for_each(|run| run.slot = NONE);
        for id in order.into_iter().chain(unlisted) {
            self.enlist(id, listing(self.all[id as usize].state));
        }
        for id in partitions {
            self.enlist_partition(id);
        }
    }

    /// Whether many nodes of lists may be dead: `elements` live.
    pub(super) fn bytes(&self) -> usize {
        let lists = self
            .lists
            .iter()
            .map(|lists| (lists.plain.capacity() + lists.keyed.capacity()) * 8);
        self.all.capacity() * size_of::<Run>()
            + self.captures.capacity() * size_of::<Capture>()
            + (self.keys.capacity() + self.marks.capacity() + self.free.capacity()) * 4
            + self.nodes.capacity() * size_of::<Node>()
            + lists.sum::<usize>()
    }
}

fn take(of: &mut Vec<Ends>, number: u32) -> Ends {
    if of.len() <= number as usize {
        of.resize(number as usize + 1, EMPTY);
    }
    of[number as usize]
}

/// A list of runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'a> {
    runs: &'a [Run],
    list: List,
    ends: Ends,
}

impl<'a> Listed<'a> {
    /// From the first on.
    pub(super) fn iter(self) -> impl Iterator<Item = RunId> + use<'a> {
        let some = |id: u32| (id != NONE).then_some(id);
        std::iter::successors(some(self.ends.first), move |&id| {
            some(self.runs[id as usize].links[self.list as usize].after)
        })
    }

    /// From the last back.
    pub(super) fn back(self) -> impl Iterator<Item = RunId> + use<'a> {
        let some = |id: u32| (id != NONE).then_some(id);
        std::iter::successors(some(self.ends.last), move |&id| {
            some(self.runs[id as usize].links[self.list as usize].before)
        })
    }
}
