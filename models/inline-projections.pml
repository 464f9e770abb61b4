/*
 * The gate, the epoch of the registry, and one inline projection that goes live and is left behind again. A process that knows the
 * projection appends, alone or several times in a transaction of the caller's, events that the projection takes and others; a process
 * that does not know it appends too, and leaves it behind before it does; the projection's follower catches up and makes it live.
 *
 * Rows of projections, consumers and shards are always locked in one order and checked again behind the lock: one step here.
 *
 * size: KNOWN=1 UNKNOWN=1 OTHERS=1 LIVES=2
 * size: KNOWN=2 UNKNOWN=1 LIVES=2
 * deep: KNOWN=2 UNKNOWN=2 LIVES=2
 * deep: KNOWN=2 UNKNOWN=1 OTHERS=1 LIVES=2
 *
 * mutant EPOCH_BEFORE_GATE: every_event_once
 * mutant NO_EPOCH: every_event_once
 * mutant GATE_RELEASED_BEFORE_COMMIT: every_event_once
 * mutant WRITERS_NOT_LOCKED: every_event_once
 * mutant WRITERS_RELEASED_BEFORE_COMMIT: every_event_once
 * mutant WRITERS_NOT_STOPPED: every_event_once
 * mutant END_BEFORE_GATE: every_event_once
 * mutant LIVE_WITHOUT_THE_REST: every_event_once
 * mutant LIVE_IN_THE_SAME_EPOCH: every_event_once
 * mutant BEHIND_IN_THE_SAME_EPOCH: every_event_once
 * mutant PLACE_NOT_SET: every_event_once
 * mutant PLACE_AT_THE_MARK: every_event_once
 * mutant PLACE_BEFORE_THE_WRITERS_STOP: every_event_once
 * mutant REGISTRY_IN_TWO_READS: every_event_once
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte every_event_once, read_model_whole;

#ifndef KNOWN
#define KNOWN 2
#endif
#ifndef UNKNOWN
#define UNKNOWN 1
#endif
#ifndef LIVES
#define LIVES 2
#endif
#ifndef OTHERS
#define OTHERS 0
#endif
#define EVENTS (KNOWN + UNKNOWN + OTHERS)
#define NOBODY 255

/* The log: positions are drawn, and become visible at commit. */
byte sequence = 0;
byte writer[EVENTS + 1] = NOBODY; /* of a position that is drawn, until its transaction has ended */
bool visible[EVENTS + 1], taken[EVENTS + 1], writes[EVENTS + 1];
byte applied[EVENTS + 1];         /* how often the documents hold it, committed */

/* The registry. */
byte epoch = 0;
bool live = false;
byte place = 0;                   /* checkpoint of the follower */
bool row_locked = false;          /* of projections */

/* Advisory locks of the class of projections: 0 is the gate, the projection's own number is that of its writers. */
byte gate_shared = 0, writers_shared = 0;
bool gate_closed = false, writers_stopped = false;
byte running = 3;

inline check_documents() {
  at = 1;
  do
  :: at <= EVENTS ->
     MUST(every_event_once, !(visible[at] && taken[at]) || applied[at] == (live || at <= place));
     at++
  :: else -> break
  od;
  at = 0
}

inline last_visible(into) {
  into = EVENTS;
  do
  :: into > 0 && !visible[into] -> into--
  :: else -> break
  od
}

/* The high-water mark, as high-water-mark.pml has it. */
inline low_mark(into) {
  into = 1;
  do
  :: into <= sequence && writer[into] == NOBODY -> into++
  :: else -> break
  od;
  into--;
  do
  :: into > 0 && !visible[into] -> into--
  :: else -> break
  od
}

/* COMMIT, or ROLLBACK, which leaves gaps; then the locks go. */
inline end_transaction(commits) {
  at = 1;
  do
  :: at <= EVENTS ->
     if
     :: writer[at] == who ->
        writer[at] = NOBODY;
        if :: commits -> visible[at] = true; applied[at] = applied[at] + writes[at] :: else fi
     :: else
     fi;
     at++
  :: else -> break
  od;
  check_documents();
  if :: holds_gate -> gate_shared--; holds_gate = false :: else fi;
  if :: holds_writers -> writers_shared--; holds_writers = false :: else fi;
  own = 0
}

/* Appends of one process, each a transaction or several in one of the caller's. */
proctype Appender(byte who; bool knows; byte left) {
  byte known_epoch = 0, own = 0, at, head;
  bool known_live = false, holds_gate = false, holds_writers = false, entered_writers = false, takes = false;

append: skip;
  if
  :: left == 0 -> goto stop
  :: left > 0 -> takes = true                 /* an event that the projection takes, */
  :: left > 0 -> takes = false                /* or another */
  fi;

again: skip;
  if                                          /* LiveProjections.plan(): it writes; enter_gate(): the writers' lock comes first */
#ifndef MUTANT_WRITERS_NOT_LOCKED
  :: known_live && takes && !holds_writers -> atomic { !writers_stopped -> writers_shared++; holds_writers = true; entered_writers = true }
#endif
  :: else
  fi;
#ifdef MUTANT_EPOCH_BEFORE_GATE
  if :: epoch != known_epoch -> goto outdated :: else fi;
#endif
  if
  :: !holds_gate -> atomic { !gate_closed -> gate_shared++; holds_gate = true }
  :: else
  fi;
#if !defined(MUTANT_NO_EPOCH) && !defined(MUTANT_EPOCH_BEFORE_GATE)
  if :: epoch != known_epoch -> goto outdated :: else fi;
#endif
  d_step {                                    /* hold_floor(), nextval, insert, and BatchPlan.write() */
    sequence++;
    writer[sequence] = who; taken[sequence] = takes; writes[sequence] = known_live && takes;
    own++; left--; entered_writers = false; takes = false
  };
  if
  :: left > 0 && own < 2 -> goto append
  :: true
  fi;
#ifdef MUTANT_GATE_RELEASED_BEFORE_COMMIT
  d_step { gate_shared--; holds_gate = false };
#endif
#ifdef MUTANT_WRITERS_RELEASED_BEFORE_COMMIT
  d_step { if :: holds_writers -> writers_shared--; holds_writers = false :: else fi };
#endif
  if
  :: d_step { end_transaction(true) }
  :: d_step { end_transaction(false) }
  fi;
  goto append;

outdated: skip;                               /* verdict 7, or enter_gate() says false: what this append took is free again */
  d_step {
    if :: own == 0 && holds_gate -> gate_shared--; holds_gate = false :: else fi;
    if :: entered_writers -> writers_shared--; holds_writers = false; entered_writers = false :: else fi
  };
reload: skip;                                 /* ProjectionGate.reload(): readRegistry() is one statement */
#ifdef MUTANT_REGISTRY_IN_TWO_READS
  known_live = live;
  known_epoch = epoch;
#else
  d_step { known_live = live; known_epoch = epoch };
#endif
  if
  :: knows || !known_live -> goto again
  :: else -> known_live = false
  fi;

  atomic {                                    /* change_projection(behind, live), on a connection of its own */
    !row_locked ->
    if :: live -> row_locked = true :: else -> goto reload fi
  };
#ifdef MUTANT_PLACE_BEFORE_THE_WRITERS_STOP
  d_step { last_visible(head) };
#endif
#ifndef MUTANT_WRITERS_NOT_STOPPED
  if
  :: atomic { writers_shared == 0 -> writers_stopped = true }
  :: atomic { writers_shared > 0 -> row_locked = false }; goto reload      /* lock_timeout: again */
  fi;
#endif
#ifdef MUTANT_PLACE_BEFORE_THE_WRITERS_STOP
#else
#ifdef MUTANT_PLACE_AT_THE_MARK
  d_step { low_mark(head) };
#else
#ifndef MUTANT_PLACE_NOT_SET
  d_step { last_visible(head) };
#endif
#endif
#endif
  d_step {
#ifndef MUTANT_PLACE_NOT_SET
    place = head;
#endif
    live = false;
#ifndef MUTANT_BEHIND_IN_THE_SAME_EPOCH
    epoch++;
#endif
    head = 0;
    row_locked = false; writers_stopped = false;
    check_documents()
  };
  goto reload;

stop:
  running--
}

inline apply_until(end) {
  at = place + 1;
  do
  :: at <= end -> if :: visible[at] && taken[at] -> applied[at]++ :: else fi; at++
  :: else -> break
  od
}

proctype Follower() {
  byte lives = 0, end, at;
  do
  :: d_step { !live -> low_mark(end) };                              /* Feed.follow() up to the mark */
     if
     :: end > place ->
        if :: !live :: else -> goto next fi;                         /* GoLive.check() */
        d_step { apply_until(end); place = end; check_documents() }  /* effects and checkpoint in one transaction */
     :: else
     fi
  :: !live && lives < LIVES ->                                       /* GoLive.attempt() */
#ifdef MUTANT_END_BEFORE_GATE
     d_step { last_visible(end) };
#endif
     if
     :: atomic { gate_shared == 0 -> gate_closed = true }            /* close_gate() */
     :: gate_shared > 0 -> goto next                                 /* lock_timeout */
     fi;
#ifndef MUTANT_END_BEFORE_GATE
     d_step { last_visible(end) };                                   /* a new statement */
#endif
     atomic {
       !row_locked ->                                                /* make_projection_live() */
       d_step {
#ifndef MUTANT_LIVE_WITHOUT_THE_REST
         apply_until(end);
#endif
         place = end; live = true; lives++;
#ifndef MUTANT_LIVE_IN_THE_SAME_EPOCH
         epoch++;
#endif
         gate_closed = false;
         at = 0; end = 0;
         check_documents()
       }
     }
  :: running == 0 ->
     d_step { last_visible(end) };
     if :: live || place >= end -> break :: else fi
next: skip;
     d_step { at = 0; end = 0 }
  od;
  skip;
  d_step {
    check_documents();
    at = 1;
    do
    :: at <= EVENTS -> MUST(read_model_whole, !(visible[at] && taken[at]) || applied[at] == 1); at++
    :: else -> break
    od
  }
}

init {
  atomic {
    run Appender(1, true, KNOWN);
    run Appender(2, false, UNKNOWN);
    run Appender(3, true, OTHERS);
    run Follower()
  }
}
