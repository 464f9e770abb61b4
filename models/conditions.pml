/*
 * Claims and conditions. Each process reads a boundary, decides, and appends one event on a condition, or without one. Claims are
 * tried first and waited for later, in one order; the check is a statement after them.
 *
 * Tags are bits. An event has some; a condition forbids events that have all of its own. BULK is the bulk claim.
 *
 * size: APPENDS=2
 * size: APPENDS=3 FEW
 * deep: APPENDS=3
 *
 * mutant CLAIMS_AFTER_CHECK: decided_on_all
 * mutant CHECK_IN_THE_SNAPSHOT_OF_THE_CLAIMS: decided_on_all
 * mutant CONDITION_CLAIMS_SHARED: decided_on_all
 * mutant WRITER_CLAIMS_NOTHING: decided_on_all
 * mutant WRITER_CLAIMS_ONE_TAG: decided_on_all
 * mutant CLAIMS_RELEASED_BEFORE_COMMIT: decided_on_all
 * mutant CONDITION_WITHOUT_THE_BULK_CLAIM: decided_on_all
 * mutant GREATEST_SEEN: decided_on_all
 * mutant UP_TO_THE_MARK: conflicts_are_true
 * mutant UNSORTED: invalid end state
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte decided_on_all, conflicts_are_true, boundary_of_this_store;

#ifndef APPENDS
#define APPENDS 2
#endif
#define A 1
#define B 2
#define BULK 3
#define TRIES 1
#define NOBODY 255

byte sequence = 0;
bool in_flight[APPENDS + 1], visible[APPENDS + 1];
byte tags[APPENDS + 1];

/* Claims: advisory locks of tag A, tag B, and the bulk claim. */
byte shared[4];
byte alone[4] = NOBODY;

#define matches(position) (visible[position] && (tags[position] & condition) == condition)

/* Matching events above a place, and those of them that were not seen. */
inline look(place, count, new) {
  at = 1; count = 0; new = 0;
  do
  :: at <= APPENDS ->
     if :: matches(at) && at > place -> count++ :: else fi;
     if :: matches(at) && !(seen & (1 << at)) -> new++ :: else fi;
     at++
  :: else -> break
  od;
  at = 0
}

inline release() {
  at = A;
  do
  :: at <= BULK ->
     if :: held & (1 << at) -> shared[at]-- :: else fi;
     if :: alone[at] == who -> alone[at] = NOBODY :: else fi;
     at++
  :: else -> break
  od;
  held = 0; at = 0
}

#ifdef MUTANT_CONDITION_CLAIMS_SHARED
#define exclusively(number) (bulk && number == BULK)
#else
#define exclusively(number) ((condition && number == ((condition & A) -> A : B)) || (bulk && number == BULK))
#endif
#ifdef MUTANT_WRITER_CLAIMS_NOTHING
#define of_events(number) false
#else
#ifdef MUTANT_WRITER_CLAIMS_ONE_TAG
#define of_events(number) (number == ((mine & A) -> A : B))
#else
#define of_events(number) (number < BULK && (mine & number))
#endif
#endif
#ifdef MUTANT_CONDITION_WITHOUT_THE_BULK_CLAIM
#define of_bulk(number) false
#else
#define of_bulk(number) (number == BULK && condition)
#endif
#ifdef MUTANT_CONDITION_CLAIMS_SHARED
#define sharing(number) (!exclusively(number) && ((!bulk && of_events(number)) || of_bulk(number) || (number < BULK && (condition & number))))
#else
#define sharing(number) (!exclusively(number) && ((!bulk && of_events(number)) || of_bulk(number)))
#endif

#define free_alone(number) (shared[number] == 0 && alone[number] == NOBODY)
#define free_shared(number) (alone[number] == NOBODY)

proctype Append(byte who) {
  byte mine, condition = 0, mark = 0, above = 0, seen = 0, held = 0, refusals = 0, at, count, new, number;
  bool bulk = false;
#ifdef FEW
  if
  :: who == 0 -> mine = A; condition = A
  :: who == 1 -> mine = A; condition = 0
  :: who == 1 -> mine = A | B; condition = B
  :: who == 2 -> mine = B; condition = A
  :: who == 2 -> mine = A | B; condition = 0; bulk = true
  fi;
#else
  if :: mine = A :: mine = B :: mine = A | B fi;
  if :: condition = 0 :: condition = A :: condition = B :: condition = A | B fi;
  if :: true :: bulk = true fi;
#endif

  /* readBoundary: the mark, which may be of any age, and then all matching events in one statement. */
  if
  :: condition == 0
  :: condition != 0 ->
     if
     :: mark = 0
     :: d_step {
          mark = 1;
          do :: mark <= sequence && !in_flight[mark] -> mark++ :: else -> break od;
          mark--;
          do :: mark > 0 && !visible[mark] -> mark-- :: else -> break od
        }
     fi;
     d_step {
#ifdef MUTANT_GREATEST_SEEN
       mark = APPENDS;
       do :: mark > 0 && !matches(mark) -> mark-- :: else -> break od;
#endif
       look(mark, above, new);
#ifdef MUTANT_UP_TO_THE_MARK
       above = 0;
#endif
       at = 1;
       do
       :: at <= APPENDS -> if :: matches(at) -> seen = seen | (1 << at) :: else fi; at++
       :: else -> break
       od;
       at = 0; new = 0
     }
  fi;

again: skip;
#if defined(MUTANT_CLAIMS_AFTER_CHECK) || defined(MUTANT_CHECK_IN_THE_SNAPSHOT_OF_THE_CLAIMS)
  d_step { look(mark, count, new) };
#endif
  number = A;
  do                                          /* take_claims() */
  :: number <= BULK ->
#ifdef MUTANT_UNSORTED
     at = (who % 2 -> BULK + 1 - number : number);
#else
     at = number;
#endif
     if
     :: exclusively(at) ->
        if
        :: atomic { free_alone(at) -> alone[at] = who }
        :: refusals < TRIES && !free_alone(at) -> goto refused
        fi
     :: sharing(at) ->
        if
        :: atomic { free_shared(at) -> shared[at]++; held = held | (1 << at) }
        :: refusals < TRIES && !free_shared(at) -> goto refused
        fi
     :: else
     fi;
     number++
  :: else -> break
  od;
  number = 0; at = 0;
  if                                          /* failed_conditions(): a new statement */
  :: condition == 0
  :: condition != 0 ->
     d_step {
#if !defined(MUTANT_CLAIMS_AFTER_CHECK) && !defined(MUTANT_CHECK_IN_THE_SNAPSHOT_OF_THE_CLAIMS)
       look(mark, count, new);
#endif
       MUST(boundary_of_this_store, count >= above);
       MUST(conflicts_are_true, count == above || new > 0)
     };
     if
     :: count != above -> goto over           /* verdict 8 */
     :: else
     fi
  fi;
  d_step { count = 0; new = 0; sequence++; in_flight[sequence] = true; tags[sequence] = mine; number = sequence };
#ifdef MUTANT_CLAIMS_RELEASED_BEFORE_COMMIT
  d_step { release() };
#endif
  if
  :: d_step {                                 /* COMMIT: visible, then the locks go */
       if
       :: condition != 0 -> look(mark, count, new); MUST(decided_on_all, new == 0)
       :: else
       fi;
       visible[number] = true; in_flight[number] = false
     }
  :: in_flight[number] = false                /* ROLLBACK */
  fi;
over: skip;
  d_step { release(); number = 0; count = 0; new = 0 };
  goto done;

refused: skip;                                /* verdict 4: the transaction ends, and the append goes out again; at last it waits */
  d_step { release(); number = 0; refusals++ };
  goto again;

done: skip
}

init {
  byte i = 0;
  atomic {
    do
    :: i < APPENDS -> run Append(i); i++
    :: else -> break
    od
  }
}
