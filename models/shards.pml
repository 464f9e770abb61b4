/*
 * Leases, fences and checkpoints. Workers take a shard over, handle its events in transactions of their own, and move its checkpoint
 * as the last statement before COMMIT. A lease can be over at any moment, so that every owner may be one that was frozen and wakes;
 * a COMMIT can stay unanswered, and take effect later or never; an event can be put aside; somebody resets the consumer.
 *
 * size: WORKERS=2 EVENTS=2 TAKES=3
 * deep: WORKERS=3 EVENTS=2 TAKES=3
 * deep: WORKERS=2 EVENTS=3 TAKES=4
 *
 * mutant CHECKPOINT_BEFORE_COMMIT: exactly_once
 * mutant CHECKPOINT_AFTER_COMMIT: exactly_once
 * mutant FENCE_IN_ANOTHER_ROW: one_writer
 * mutant FENCE_NOT_RAISED: one_writer
 * mutant REFUSAL_IGNORED: one_writer
 * mutant UNANSWERED_IS_FAILED: exactly_once
 * mutant RESET_WITHOUT_FENCE: one_writer
 * mutant LETTER_WITHOUT_FENCE: one_writer
 * spare PLACE_NOT_COMPARED
 * spare CHECKPOINT_READ_WITHOUT_ITS_LOCK
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte exactly_once, one_writer, nothing_left;

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef TAKES
#define TAKES 3
#endif
#define NOBODY 255

/* consumer_shards: one row, with its lock. A reset makes a new one. */
byte fence = 0, checkpoint = 0;
byte row_lock = NOBODY;
byte generation = 0;              /* of the row: counts resets */
byte owner = NOBODY;              /* who took the shard last; nobody after a reset */

/* consumer_leases: the row's lock. */
byte lease_lock = NOBODY;

/* The shard's number as an advisory lock: shared by each open transaction of a handler, exclusive in take_shard(). */
bool enters[WORKERS];
byte taker = NOBODY;

/* A transaction of each worker's: which events it has handled, and how it stands. */
mtype = { none, open, moved, orphan };
mtype state[WORKERS] = none;
byte from[WORKERS], made[WORKERS];
bool terminated[WORKERS];

byte effects[EVENTS + 1];         /* committed: how often each event was handled, or put aside */
short takes = 0;

inline effects_match() {
  at = 1;
  do
  :: at <= EVENTS -> MUST(exactly_once, effects[at] == (at <= checkpoint)); at++
  :: else -> break
  od;
  at = 0
}

inline forget(who) {
  if :: row_lock == who -> row_lock = NOBODY :: else fi;
  state[who] = none; enters[who] = false; made[who] = 0; from[who] = 0
}

/* COMMIT: effects and checkpoint at once, then the locks go. */
inline take_effect(who) {
  MUST(one_writer, owner == who);
  at = from[who] + 1;
  do
  :: at <= made[who] -> effects[at]++; at++
  :: else -> break
  od;
  at = 0;
#if defined(MUTANT_CHECKPOINT_BEFORE_COMMIT) || defined(MUTANT_CHECKPOINT_AFTER_COMMIT)
#else
  checkpoint = made[who];
#endif
  forget(who);
  effects_match()
}

/* The backends of handlers whose client is gone: what they were told last takes effect, or does not. */
proctype Orphans() {
  byte at;
end:
  do
  :: d_step { state[0] == orphan -> take_effect(0) }
  :: d_step { state[0] == orphan -> forget(0) }
  :: d_step { state[1] == orphan -> take_effect(1) }
  :: d_step { state[1] == orphan -> forget(1) }
#if WORKERS > 2
  :: d_step { state[2] == orphan -> take_effect(2) }
  :: d_step { state[2] == orphan -> forget(2) }
#endif
  od
}

/* Administration: reset_consumer() to the beginning, with what the handlers had made emptied. */
proctype Reset() {
  byte at;
  if
  :: true
  :: lease_lock == NOBODY -> lease_lock = WORKERS;
     atomic {                                 /* evict_owners(), create_shards() */
       row_lock == NOBODY ->
       d_step {
#ifndef MUTANT_RESET_WITHOUT_FENCE
         fence++; generation++;
#endif
         checkpoint = 0; owner = NOBODY; lease_lock = NOBODY; takes--;
         at = 1;
         do :: at <= EVENTS -> effects[at] = 0; at++ :: else -> break od;
         at = 0
       }
     }
  fi
}

#define mine (fence == my_fence && generation == my_generation)

proctype Worker(byte who) {
  byte my_fence, my_generation, my_place, at;

take: skip;                                         /* take_shard() */
  d_step { my_fence = 0; my_generation = 0; my_place = 0; at = 0 };
  if
  :: atomic { lease_lock == NOBODY && takes < TAKES -> lease_lock = who; takes++ }
  :: takes == TAKES && state[who] == none -> goto stop
  fi;
  atomic {                                    /* ends the backends of the last owner, where it may */
    at = 0;
    do
    :: at < WORKERS ->
       if
       :: enters[at] && at != who -> terminated[at] = (state[at] != orphan); forget(at)
       :: true
       fi;
       at++
    :: else -> break
    od;
    at = 0
  };
  if
  :: atomic { !enters[0] && !enters[1] && !enters[WORKERS - 1] && taker == NOBODY -> taker = who }
  :: true                                     /* goes on without the lock */
  fi;
  if
#ifdef MUTANT_FENCE_IN_ANOTHER_ROW
  :: true -> my_place = checkpoint
#else
  :: atomic { row_lock == NOBODY -> row_lock = who; my_place = checkpoint }
#endif
  :: d_step {                                 /* lock_timeout: another try */
       row_lock != NOBODY && row_lock != who -> lease_lock = NOBODY; takes--;
       if :: taker == who -> taker = NOBODY :: else fi
     };
     goto take
  fi;
  d_step {
#ifndef MUTANT_FENCE_NOT_RAISED
    fence++;
#endif
    my_fence = fence; my_generation = generation; owner = who;
#ifndef MUTANT_FENCE_IN_ANOTHER_ROW
    row_lock = NOBODY;
#endif
    lease_lock = NOBODY;
    if :: taker == who -> taker = NOBODY :: else fi
  };

work:
  if
  :: my_place == EVENTS -> goto stop
  :: else
  fi;
  atomic { taker == NOBODY -> terminated[who] = false; enters[who] = true; state[who] = open; from[who] = my_place; made[who] = my_place };
  {
    if                                        /* enter_shard(): the lock before the look */
    :: mine
    :: else -> goto fenced
    fi;
    if                                        /* ShardWork: one event, or several in one transaction */
    :: made[who] = my_place + 1
    :: my_place + 2 <= EVENTS -> made[who] = my_place + 2
    :: d_step {                               /* its handler fails: undone, and put aside by one statement, park_event() */
         forget(who)
       };
       goto park
    fi;
    atomic {                                  /* move_checkpoint(): waits for the row, and then compares what stands there now */
#ifdef MUTANT_CHECKPOINT_BEFORE_COMMIT
      row_lock == NOBODY ->
      if :: mine && checkpoint == from[who] -> checkpoint = made[who] :: else -> goto refused fi;
#else
#ifdef MUTANT_CHECKPOINT_AFTER_COMMIT
#else
#ifdef MUTANT_FENCE_IN_ANOTHER_ROW
      if :: mine :: else -> goto fenced fi
    };
    atomic {
      row_lock == NOBODY ->
      if :: generation == my_generation && checkpoint == from[who] :: else -> goto refused fi;
#else
      row_lock == NOBODY ->
      if
#if defined(MUTANT_PLACE_NOT_COMPARED) || defined(MUTANT_UNANSWERED_IS_FAILED)
      :: mine
#else
      :: mine && checkpoint == from[who]
#endif
#ifdef MUTANT_REFUSAL_IGNORED
      :: else
#else
      :: else -> goto refused
#endif
      fi;
#endif
      row_lock = who;
#endif
#endif
      state[who] = moved
    };
    if                                        /* COMMIT */
    :: d_step { my_place = made[who]; take_effect(who) }
    :: state[who] = orphan -> goto lost       /* no answer */
    :: d_step { forget(who) }                 /* refused: rolled back */
    fi
  } unless { terminated[who] };
  if
  :: terminated[who] -> terminated[who] = false; goto lost
  :: else
  fi;
#ifdef MUTANT_CHECKPOINT_AFTER_COMMIT
  d_step { if :: mine && checkpoint < my_place -> checkpoint = my_place :: else fi };
#endif
  goto work;

park:                                         /* fence and place are compared as by move_checkpoint() */
  atomic {
    row_lock == NOBODY ->
    if
#ifdef MUTANT_LETTER_WITHOUT_FENCE
    :: generation == my_generation && checkpoint == my_place ->
#else
    :: mine && checkpoint == my_place ->
#endif
       MUST(one_writer, owner == who);
       d_step { effects[my_place + 1]++; checkpoint = my_place + 1 }
    :: else
    fi;
    goto lost                                 /* answered, refused or not answered: it learns where it stands */
  };

refused: skip;
  d_step { forget(who) };

lost:                                         /* Checkpoint.reload(): read_checkpoint() waits for a backend that may still commit */
#ifdef MUTANT_UNANSWERED_IS_FAILED
  if :: mine :: else -> goto take fi;
  (state[who] == none);
#else
  atomic {
#ifdef MUTANT_CHECKPOINT_READ_WITHOUT_ITS_LOCK
    my_place = checkpoint;
#else
    (row_lock == NOBODY) -> my_place = checkpoint;
#endif
    if
    :: mine
    :: else -> goto take
    fi
  };
  (state[who] == none);                       /* a connection of its own */
#endif
  goto work;

fenced: skip;
  d_step { forget(who) };
  goto take;

stop: skip;
  d_step {
    effects_match();
    MUST(nothing_left, my_place < EVENTS || !mine || checkpoint == EVENTS)
  }
}

init {
  byte i = 0;
  atomic {
    do
    :: i < WORKERS -> run Worker(i); i++
    :: else -> break
    od;
    run Orphans();
    run Reset()
  }
}
