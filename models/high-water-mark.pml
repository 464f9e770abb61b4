/*
 * Floors and the high-water mark. Appenders publish a floor, draw positions, insert, and commit or roll back; a reader asks for the
 * mark in three steps and then reads rows. The server crashes, keeps prepared transactions, loses a commit that was not durable
 * yet, and hands numbers of a gap out again.
 *
 * size: APPENDERS=2 ROUNDS=2 NO_CRASH
 * size: APPENDERS=2
 * deep: APPENDERS=3 NO_CRASH
 * deep: APPENDERS=2 ROUNDS=2
 *
 * mutant TORN_FLOOR: nothing_new_below_the_mark, nothing_skipped
 * mutant TORN_MARK: nothing_new_below_the_mark, nothing_skipped
 * mutant FLOOR_AFTER_NEXTVAL: nothing_new_below_the_mark, nothing_skipped
 * mutant FIRST_FLOOR_FORGOTTEN: nothing_new_below_the_mark, nothing_skipped
 * mutant FLOOR_RELEASED_BEFORE_COMMIT: nothing_new_below_the_mark, nothing_skipped
 * mutant SEQUENCE_AFTER_FLOORS: nothing_new_below_the_mark, nothing_skipped
 * mutant MARK_IN_A_GAP: nothing_new_below_the_mark, nothing_skipped
 * mutant ROWS_IN_THE_SNAPSHOT_OF_THE_FLOORS: nothing_skipped
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte nothing_new_below_the_mark, nothing_skipped, nothing_held_for_ever, position_drawn_once;

#ifndef APPENDERS
#define APPENDERS 3
#endif
#define POSITIONS (2 * APPENDERS + 5)
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define NONE 255
#define TEAR 2

byte sequence = 0;                /* pg_sequence_last_value */
byte floors[APPENDERS] = NONE;    /* shared advisory locks, as pg_locks shows them */
byte events[POSITIONS];           /* committed: who wrote the event, plus one; 0: a gap */
byte first[APPENDERS], second[APPENDERS];  /* positions drawn */
bool inserted[APPENDERS];         /* in flight: COMMIT may have reached the disk */
bool prepared[APPENDERS];         /* PREPARE TRANSACTION */
bool over[APPENDERS], killed[APPENDERS];
byte last_commit = NONE;
bool crashed = false;
bool finished = false;

/* The reader. */
byte anchor = 0, anchor_id = 0;   /* how far it has read */
byte mark = 0, mark_id = 0;       /* the last answer it had */
byte delivered[POSITIONS];        /* ids */

/* Where the event of the mark itself was lost, whoever reads on notices by its id. */
#define fork (mark_id != 0 && events[mark] != mark_id)

inline become_visible(who) {
  MUST(position_drawn_once, events[first[who]] == 0);
  MUST(nothing_new_below_the_mark, first[who] > mark || fork);
  events[first[who]] = who + 1;
  if
  :: second[who] != 0 ->
     MUST(position_drawn_once, events[second[who]] == 0);
     MUST(nothing_new_below_the_mark, second[who] > mark || fork);
     events[second[who]] = who + 1
  :: else
  fi;
  last_commit = who
}

inline last_event(limit, at) {
  at = limit;
  do
  :: at > 0 && events[at] == 0 -> at--
  :: else -> break
  od
}

/* hold_floor(): pg_sequence_last_value, then the lock. */
inline hold_floor(who) {
#ifdef MUTANT_TORN_FLOOR
  /* `select last_value` reads the page while nextval holds a value ahead in it. */
  if :: last = sequence :: last = sequence + TEAR fi;
#else
  last = sequence;
#endif
  d_step { floors[who] = last; last = 0 }
}

/* Again in the same transaction: the first floor, which the setting remembers, is the lower one. */
inline hold_floor_again(who) {
#ifdef MUTANT_FIRST_FLOOR_FORGOTTEN
  floors[who] = sequence
#else
  skip
#endif
}

inline draw(who, position) {
  d_step { sequence++; position = sequence }
}

proctype Appender(byte who) {
  byte last;
again:
  {
#ifdef MUTANT_FLOOR_AFTER_NEXTVAL
    draw(who, first[who]);
    hold_floor(who);
#else
    hold_floor(who);
    draw(who, first[who]);
#endif
    if
    :: true                                   /* one append */
    :: who == 0 ->
       hold_floor_again(who);                 /* another in the same transaction */
       draw(who, second[who])
    :: who == 0 ->
       d_step { floors[who] = NONE; first[who] = 0 };   /* ROLLBACK TO SAVEPOINT frees the lock and undoes what was drawn since */
       hold_floor(who);
       draw(who, first[who])
    fi;
    if
    :: inserted[who] = true
    :: d_step { who == 0 -> inserted[who] = true; prepared[who] = true }
    fi;
#ifdef MUTANT_FLOOR_RELEASED_BEFORE_COMMIT
    floors[who] = NONE;
#endif
    if
    :: d_step { inserted[who] = false; become_visible(who) }      /* COMMIT: visible first, then the locks go */
    :: inserted[who] = false                                      /* ROLLBACK */
    fi;
    d_step { floors[who] = NONE; prepared[who] = false; over[who] = true }
  } unless { killed[who] }
  if
  :: d_step { killed[who] -> killed[who] = false; last = 0 };
     if
     :: over[who]
     :: else -> goto again      /* after a crash the next transaction takes the place of the last */
     fi
  :: else
  fi
}

proctype Crash() {
  byte i = 0, at, end;
  do
  :: !finished ->
     atomic {
       crashed = true;
       /* A commit that was not durable (synchronous_commit off, a failover) is lost: the last one. */
       if
       :: true
       :: last_commit != NONE ->
          d_step {
            events[first[last_commit]] = 0; events[second[last_commit]] = 0; last_commit = NONE
          }
       fi;
       /* Whoever was in flight is over; a commit that reached the disk is there. A prepared transaction goes on. */
       do
       :: i < APPENDERS ->
          if
          :: prepared[i] || (over[i] && floors[i] == NONE)
          :: else ->
             if
             :: inserted[i] -> become_visible(i); over[i] = true
             :: true
             fi;
             d_step { inserted[i] = false; floors[i] = NONE; first[i] = 0; second[i] = 0; killed[i] = true }
          fi;
          i++
       :: else -> break
       od;
       /* The sequence is behind no event, nor behind a prepared one's, and may have forgotten all else. */
       last_event(sequence, end);
       i = 0;
       do
       :: i < APPENDERS ->
          if
          :: prepared[i] && first[i] > end -> end = first[i]
          :: else
          fi;
          if
          :: prepared[i] && second[i] > end -> end = second[i]
          :: else
          fi;
          i++
       :: else -> break
       od;
       if
       :: sequence = end
       :: true
       fi;
       end = 0; at = 0
     };
     break
  :: break
  od
}

inline high_water_mark() {
#ifdef MUTANT_ROWS_IN_THE_SNAPSHOT_OF_THE_FLOORS
  d_step { i = 0; do :: i < POSITIONS -> snapshot[i] = events[i]; i++ :: else -> break od; i = 0 };
#endif
#ifdef MUTANT_SEQUENCE_AFTER_FLOORS
  last = POSITIONS - 1;
#else
#ifdef MUTANT_TORN_MARK
  if :: last = sequence :: last = sequence + TEAR fi;
#else
  last = sequence;                                        /* step 1 */
#endif
#endif
  d_step {                                                /* step 2: pg_locks at one moment */
    low = last;
    i = 0;
    do
    :: i < APPENDERS ->
       if :: floors[i] < low -> low = floors[i] :: else fi;
       i++
    :: else -> break
    od;
    i = 0
  };
#ifdef MUTANT_SEQUENCE_AFTER_FLOORS
  if :: sequence < low -> low = sequence :: else fi;
#endif
  d_step {                                                /* step 3: the last event at or below it, in a new snapshot */
#ifdef MUTANT_MARK_IN_A_GAP
    i = low;
#else
    last_event(low, i);
#endif
    if
    :: i < mark && mark_id != 0 && events[mark] == mark_id      /* the last answer stays true while its event is there */
    :: else -> mark = i; mark_id = events[i]
    fi;
    last = 0; low = 0; i = 0
  }
}

/* A statement after that of the mark: is the anchor there, and the rows above it up to the mark. */
inline read_rows() {
  d_step {
    i = 0;
    if
    :: anchor_id != 0 && events[anchor] != anchor_id ->
       /* HistoryForkedError: whoever reads begins anew. */
       do :: i < POSITIONS -> delivered[i] = 0; i++ :: else -> break od;
       anchor = 0; anchor_id = 0; mark = 0; mark_id = 0
    :: else ->
       i = anchor + 1;
       do
       :: i <= mark ->
#ifdef MUTANT_ROWS_IN_THE_SNAPSHOT_OF_THE_FLOORS
          delivered[i] = snapshot[i];
#else
          delivered[i] = events[i];
#endif
          i++
       :: else -> break
       od;
       if :: mark > anchor -> anchor = mark; anchor_id = mark_id :: else fi;
       i = 1;
       do
       :: i <= anchor -> MUST(nothing_skipped, events[i] == 0 || delivered[i] == events[i]); i++
       :: else -> break
       od
    fi;
    i = 0
  }
}

proctype Reader() {
  byte rounds = ROUNDS, last, low, i;
#ifdef MUTANT_ROWS_IN_THE_SNAPSHOT_OF_THE_FLOORS
  byte snapshot[POSITIONS];
#endif
  do
  :: rounds > 0 ->
     rounds--;
     if
     :: true
     :: d_step {                          /* another follower of this process begins, with the mark that the process knows */
          anchor > 0 -> anchor = 0; anchor_id = 0;
          do :: i < POSITIONS -> delivered[i] = 0; i++ :: else -> break od;
          i = 0
        }
     fi;
     {
       high_water_mark()
     } unless { crashed };
     /* The call that the crash interrupted is asked again by a new connection. */
     if :: crashed -> d_step { last = 0; low = 0; i = 0; crashed = false } :: else fi;
     read_rows()
  :: rounds == 0 -> break
  od;
  /* When nothing is open, two looks reach the end: the second after a fork. */
  (over[0] && over[1] && over[APPENDERS - 1]);
  atomic {
    finished = true;
    crashed = false;
    high_water_mark();
    read_rows();
    high_water_mark();
    read_rows();
    last_event(sequence, i);
    MUST(nothing_held_for_ever, anchor >= i);
  }
}

init {
  byte i = 0;
  atomic {
    do
    :: i < APPENDERS -> run Appender(i); i++
    :: else -> break
    od;
    run Reader();
#ifndef NO_CRASH
    run Crash()
#endif
  }
}
