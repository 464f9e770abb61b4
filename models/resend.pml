/*
 * Unknown outcomes. A client sends an append, gives it up at any moment, and sends it again under the same ids, while the backends of
 * earlier tries go on: they commit later, are ended, or begin only after everything else is over. Another client writes to the stream.
 *
 * size: TRIES=3 OTHERS=2
 * deep: TRIES=4 OTHERS=2
 *
 * mutant NEW_IDS: never_twice
 * mutant ABSENCE_FROM_A_READ: not_written_stays_away
 * mutant UNANSWERED_IS_REFUSED: not_written_stays_away
 * mutant EVERY_CONFLICT_IS_FINAL: not_written_stays_away
 * mutant EVERY_REFUSAL_IS_FINAL: not_written_stays_away
 * mutant NEXT_CALL_SETTLES_THE_LAST: not_written_stays_away
 * mutant RESENT_WITHOUT_A_LOOK: not_written_stays_away
 * mutant IDS_AFTER_EXPECTATIONS: not_written_stays_away
 * mutant IDS_BEFORE_THE_ROW: not_written_stays_away
 * mutant IDS_NOT_UNIQUE: never_twice
 * mutant ROW_RELEASED_BEFORE_COMMIT: not_written_stays_away
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte never_twice, written_is_there, not_written_stays_away, versions_are_whole;

#ifndef TRIES
#define TRIES 3
#endif
#ifndef OTHERS
#define OTHERS 2
#endif
#define OTHER TRIES
#define NOBODY 255
#define ANY 100
#define EXISTS 101

mtype = { nothing, written, repeated, conflict, refused, id_taken, version_taken, unanswered, unknown, not_written };

byte head = 0;                    /* committed events of the stream */
byte row = NOBODY;                /* who holds its row in streams */
byte pending = NOBODY;            /* whose insert is not committed: whoever meets it at a unique index waits for its end */
byte copies = 0;                  /* committed events of the append, whatever their ids */
byte expected;
bool looks[TRIES];                /* p_check_ids */
mtype answer[TRIES] = nothing;
byte actual[TRIES];               /* with a conflict: where the stream is */
mtype told = nothing;             /* to the caller */

#define conflicts (expected < ANY && head != expected) || (expected == EXISTS && head == 0)

inline end_statement(verdict) {
  d_step {
    if :: pending == try -> pending = NOBODY :: else fi;
    if :: row == try -> row = NOBODY :: else fi;
    answer[try] = verdict; base = 0; found = false
  };
  goto over
}

/* The backend is ended here, or its client is gone and what it did is undone. */
inline may_end() {
  if
  :: true
  :: end_statement(unanswered)
  fi
}

/* One try of the append, on the server: append_one(), append_many(). */
proctype Backend(byte try) {
  byte base;
  bool found = false;
#ifdef MUTANT_IDS_BEFORE_THE_ROW
  if :: looks[try] -> found = (copies > 0) :: else fi;
#endif
  may_end();
  atomic { row == NOBODY -> row = try };      /* lock_streams() */
#ifdef MUTANT_IDS_AFTER_EXPECTATIONS
  if
  :: conflicts -> actual[try] = head; end_statement(conflict)
  :: else
  fi;
#endif
#if !defined(MUTANT_IDS_BEFORE_THE_ROW) && !defined(MUTANT_NEW_IDS)
  if                                          /* repeated_events(): a new statement */
  :: looks[try] && copies > 0 -> found = true
  :: else
  fi;
#endif
  if
  :: found -> end_statement(repeated)
  :: else
  fi;
  if
  :: conflicts -> actual[try] = head; end_statement(conflict)
  :: else -> base = head
  fi;
  if
  :: end_statement(refused)                   /* a trigger of the user's, say */
  :: true
  fi;
#ifdef MUTANT_ROW_RELEASED_BEFORE_COMMIT
  row = NOBODY;
#endif
  atomic {                                    /* insert */
    pending == NOBODY ->
    if
#if !defined(MUTANT_IDS_NOT_UNIQUE) && !defined(MUTANT_NEW_IDS)
    :: copies > 0 -> goto taken               /* events_tenant_id_key */
#endif
    :: head > base -> goto overtaken          /* events_stream_id_version_key */
    :: else
    fi;
    pending = try
  };
  may_end();
  d_step {                                    /* COMMIT */
    MUST(versions_are_whole, base == head);
    head++; copies++;
    MUST(never_twice, copies <= 1);
    MUST(not_written_stays_away, told != not_written);
    pending = NOBODY
  };
  end_statement(written);
taken:
  end_statement(id_taken);
overtaken:
  end_statement(version_taken);
over: skip
}

/* Another client's append to the stream. */
proctype Other() {
  byte left = OTHERS;
  do
  :: left > 0 ->
     atomic { row == NOBODY -> row = OTHER };
     atomic { pending == NOBODY -> pending = OTHER };
     d_step { head++; pending = NOBODY; row = NOBODY; left-- }
  :: break
  od
}

inline tell(verdict) {
  told = verdict;
  MUST(written_is_there, told != written || copies == 1);
  MUST(not_written_stays_away, told != not_written || copies == 0)
}

/* Sender.send() and PendingAppend; and the caller, who sends what is unknown again. */
proctype Client() {
  byte try = 0;
  bool unanswered_once = false, looked_up = false;
  mtype got;
  if :: expected = ANY :: expected = EXISTS :: expected = 0 :: expected = 1 fi;
  if :: looked_up = true :: true fi;          /* ids of the caller's own */
send: skip;
#ifdef MUTANT_RESENT_WITHOUT_A_LOOK
  looks[try] = false;
#else
  looks[try] = looked_up || unanswered_once;
#endif
  run Backend(try);
  if
  :: atomic { answer[try] != nothing -> got = answer[try] }
  :: got = unanswered                         /* the connection is lost, or the time is up: nobody knows what becomes of it */
  fi;
  d_step {
    if
    :: got == written || got == repeated -> tell(written)
    :: got == conflict ->
#ifdef MUTANT_EVERY_CONFLICT_IS_FINAL
       tell(not_written)
#else
       if                                     /* PendingAppend.settle(), isFinal() */
       :: !unanswered_once || (expected < ANY && actual[try] > expected) -> tell(not_written)
       :: else -> tell(unknown)
       fi
#endif
    :: got == refused ->                      /* PendingAppend.fail() */
#ifdef MUTANT_EVERY_REFUSAL_IS_FINAL
       tell(not_written)
#else
       if
       :: !unanswered_once -> tell(not_written)
       :: else -> tell(unknown)
       fi
#endif
    :: got == id_taken || got == version_taken -> looked_up = true
    :: got == unanswered ->
#ifdef MUTANT_ABSENCE_FROM_A_READ
       if :: copies > 0 -> tell(written) :: else -> tell(not_written) fi
#else
#ifdef MUTANT_UNANSWERED_IS_REFUSED
       tell(not_written)
#else
       unanswered_once = true
#endif
#endif
    fi;
    got = 0; try++;
    if
    :: told == nothing && try == TRIES -> if :: unanswered_once -> tell(unknown) :: else -> tell(not_written) fi
    :: else
    fi
  };
  if
  :: told == nothing -> goto send
  :: told == unknown && try < TRIES ->        /* another call, with the same ids: to its caller the outcome is as unknown as before */
#ifdef MUTANT_NEXT_CALL_SETTLES_THE_LAST
     unanswered_once = false;
#endif
     told = nothing; looked_up = true;
     goto send
  :: else
  fi
}

init {
  atomic {
    run Client();
    run Other()
  }
}
