/*
 * Turns of one connection. Two appends that write documents, each several statements behind a savepoint of one name, and a statement of a
 * neighbour's through another object, all on one client of the caller's; and COMMIT, by the store when the callback has returned, or by the
 * caller at any moment.
 *
 * size: STORE_ENDS
 * size: CALLER_ENDS
 *
 * mutant TURNS_FOR_EACH_OBJECT: reported_is_there, written_whole
 * mutant NEIGHBOUR_WITHOUT_A_TURN: reported_is_there
 * mutant COMMIT_NOT_HELD: written_whole
 * mutant COMMIT_WITHOUT_WAITING: nothing_cut_off
 * mutant NOTHING_UNDONE: written_whole
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte reported_is_there, written_whole, nothing_cut_off;

#define NEIGHBOUR 2
#define NOBODY 255
#define event_of(who) (1 << (2 * who))
#define document_of(who) (2 << (2 * who))
#define row_of_the_neighbour 16

mtype = { open, committed, rolled_back, waiting, reported, refused, failed };

/* The server's side of the transaction. */
mtype transaction = open;
byte written = 0;                 /* what COMMIT would keep */
byte savepoints = 0;
byte before[4];                   /* of each savepoint: what was written before it */
bool held_before[4];
bool held = false;                /* a cursor WITH HOLD is open that fails COMMIT */

/* The client's side. */
byte turn = NOBODY;
byte begun = 0, ended = 0;        /* Unfinished */
mtype answers[3] = waiting;

inline take_turn(who) {
  atomic { turn == NOBODY || transaction != open -> turn = (transaction == open -> who : turn) }
}

inline leave_turn(who) {
  if :: turn == who -> turn = NOBODY :: else fi
}

inline lost(who) {
  d_step { answers[who] = failed; ended++; leave_turn(who) };
  goto over
}

proctype Append(byte who) {
  begun++;
#ifndef MUTANT_TURNS_FOR_EACH_OBJECT
  take_turn(who);                             /* session.alone() */
#endif
  atomic {                                    /* savepoint tidemark_append, and the cursor that holds COMMIT */
    if :: transaction != open -> lost(who) :: else fi;
    d_step {
      before[savepoints] = written; held_before[savepoints] = held; savepoints++;
#ifndef MUTANT_COMMIT_NOT_HELD
      held = true
#endif
    }
  };
  atomic {                                    /* the append itself */
    if :: transaction != open -> lost(who) :: else fi;
    written = written | event_of(who)
  };
  if
  :: true ->
     atomic {                                 /* BatchPlan.write() */
       if :: transaction != open -> lost(who) :: else fi;
       written = written | document_of(who)
     };
     atomic {                                 /* allowCommit; release savepoint */
       if :: transaction != open -> lost(who) :: else fi;
       d_step { if :: savepoints > 0 -> savepoints-- :: else fi; held = false; answers[who] = reported }
     }
  :: true ->
     atomic {                                 /* a projection refuses: rollback to savepoint, which stays */
       if :: transaction != open -> lost(who) :: else fi;
       d_step {
#ifndef MUTANT_NOTHING_UNDONE
         written = before[savepoints - 1];
#endif
         held = held_before[savepoints - 1];
         answers[who] = refused
       }
     }
  fi;
  d_step { ended++; leave_turn(who) };
over: skip
}

proctype Neighbour() {
  begun++;
#ifndef MUTANT_NEIGHBOUR_WITHOUT_A_TURN
  take_turn(NEIGHBOUR);                       /* session.userQuery(): turns.take() */
#endif
  atomic {
    if :: transaction != open -> lost(NEIGHBOUR) :: else fi;
    d_step { written = written | row_of_the_neighbour; answers[NEIGHBOUR] = reported }
  };
  d_step { ended++; leave_turn(NEIGHBOUR) };
over: skip
}

#define there(who) ((written & event_of(who)) && (written & document_of(who)))
#define absent(who) (!(written & event_of(who)) && !(written & document_of(who)))

inline commit() {
  d_step {
    if
    :: held -> transaction = rolled_back; written = 0      /* TM010: PostgreSQL rolls back */
    :: else ->
       transaction = committed;
       MUST(written_whole, there(0) || absent(0));
       MUST(written_whole, there(1) || absent(1));
       MUST(reported_is_there, answers[0] != reported || there(0));
       MUST(reported_is_there, answers[1] != reported || there(1));
       MUST(reported_is_there, answers[NEIGHBOUR] != reported || (written & row_of_the_neighbour));
       MUST(written_whole, answers[0] != refused || absent(0));
       MUST(written_whole, answers[1] != refused || absent(1))
    fi
  }
}

/* The callback has returned; appends may still be under way that nobody awaited. */
proctype End() {
#ifdef CALLER_ENDS
  commit()                                    /* client.query("commit"), whatever runs */
#else
  atomic { begun == 3 };                      /* all were called before the callback returned */
#ifndef MUTANT_COMMIT_WITHOUT_WAITING
  atomic { begun == ended };                  /* turns.settled() */
  take_turn(3);
#endif
  commit();
  MUST(nothing_cut_off, transaction == committed && answers[0] != failed && answers[1] != failed && answers[NEIGHBOUR] != failed)
#endif
}

init {
  atomic {
    run Append(0);
    run Append(1);
    run Neighbour();
    run End()
  }
}
