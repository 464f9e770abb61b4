/*
 * Liveness locks. A process with workers holds a lock in a session of its own, and its heartbeats name the lock. Another one, the judge,
 * looks whether the lock is held, and takes the shards over when the process is dead. The process can die or be frozen at any moment; its
 * session can end while it lives, and so can all sessions, when the server restarts; a pooler can end a session that it only lent.
 *
 * Time of grace: when it is over, a process that noticed the loss of its session, and is not frozen, has sent a heartbeat.
 *
 * size: LOCKS=2 LOSSES=2
 * deep: LOCKS=3 LOSSES=3
 *
 * mutant NO_GRACE: living_left_alone
 * mutant HEARTBEAT_KEEPS_THE_LOCK: living_left_alone
 * mutant ROW_NOT_READ_AGAIN: living_left_alone
 * mutant SEEN_IN_ANOTHER_SESSION: living_left_alone
 * mutant NEVER_SEEN_HELD: living_left_alone
 * mutant LENT_SESSION: living_left_alone
 * mutant TAKEN_WITHOUT_FENCE: one_writer
 */
#define MUST(invariant, condition) assert((condition) || invariant)
hidden byte living_left_alone, one_writer;

#ifndef LOCKS
#define LOCKS 2
#endif
#ifndef LOSSES
#define LOSSES 2
#endif

bool dead = false, frozen = false;
bool lent;                        /* the process is behind a pooler that lends sessions */
bool excused = false;             /* its session alone was ended, and it was frozen before it could say so: this one may be robbed */

byte drawn = 0;                   /* locks that were used; none comes twice */
byte held = 0;                    /* the lock that a session of the process holds, by the server */
byte trusted = 0;                 /* the same, as the process knows */
bool tells = false;               /* it noticed a loss and has yet to send a heartbeat */
byte row = 0;                     /* consumer_workers.liveness_lock */
byte losses = 0;

byte fence = 1;
bool lease_ended = false, taken = false;

byte sessions = 1;                /* of the judge: which one it has */

#ifdef MUTANT_LENT_SESSION
#define hears true
#else
#define hears (!lent)
#endif

/* The process, which has the shard under fence 1. */
proctype Process() {
end:
  do
  :: atomic {                                 /* a session that hears has begun */
       !dead && !frozen && held == 0 && trusted == 0 && !tells && drawn < LOCKS && hears -> drawn++; held = drawn; trusted = drawn
     }
  :: d_step {                                 /* renew_leases() */
       !dead && !frozen && row != trusted ->
#ifdef MUTANT_HEARTBEAT_KEEPS_THE_LOCK
       if :: trusted != 0 -> row = trusted :: else fi;
#else
       row = trusted;
#endif
       tells = false
     }
  :: d_step { !dead && frozen -> frozen = false; tells = tells || trusted != held; trusted = held }
  :: d_step { !dead && !frozen -> frozen = true; excused = excused || tells }
  :: d_step { !dead -> dead = true; frozen = false; held = 0 }
  :: d_step {                                 /* a handler's transaction commits, if its fence is the one that stands */
       !dead && !frozen && fence == 1 -> MUST(one_writer, !taken)
     }
  od
}

/* What becomes of sessions. */
proctype World() {
end:
  do
  :: d_step {                                 /* the process loses its own, and notices */
       !dead && held != 0 && !lent && losses < LOSSES -> losses++;
       held = 0;
       if
       :: frozen -> excused = true
       :: else -> trusted = 0; tells = true
       fi
     }
  :: d_step {                                 /* the server restarts */
       losses < LOSSES -> losses++;
       sessions++;
       held = 0;
       if
       :: !dead && !frozen && trusted != 0 -> trusted = 0; tells = true
       :: else
       fi
     }
#ifdef MUTANT_LENT_SESSION
  :: d_step { lent && held != 0 -> held = 0 } /* the pooler ends one that nobody uses: nobody notices */
#endif
  od
}

#ifdef MUTANT_NO_GRACE
#define grace_over true
#else
#define grace_over (dead || frozen || !tells)
#endif
#ifdef MUTANT_SEEN_IN_ANOTHER_SESSION
#define own_session true
#else
#define own_session (seen_in == sessions)
#endif
#ifdef MUTANT_ROW_NOT_READ_AGAIN
#define still_named true
#else
#define still_named (row == watched)
#endif

/* LivenessSession of another process. */
proctype Judge() {
  byte watched = 0, seen = 0, seen_in = 0;
  bool free = false;
end:
  do
  :: atomic { watched != row -> watched = row; if :: seen != row -> seen = 0; free = false :: else fi }   /* a heartbeat's answer */
  :: d_step {                                 /* free_liveness_locks(): held */
       watched != 0 && held == watched && (seen != watched || seen_in != sessions) -> seen = watched; seen_in = sessions; free = false
     }
#ifdef MUTANT_NEVER_SEEN_HELD
  :: d_step { watched != 0 && held != watched && !free -> seen = watched; seen_in = sessions; free = true }
#else
  :: d_step { watched != 0 && held != watched && seen == watched && own_session && !free -> free = true }
#endif
  :: d_step {                                 /* end_leases_of_dead() */
       free && !lease_ended && held != watched && own_session && grace_over && still_named -> MUST(living_left_alone, dead || excused); lease_ended = true
     }
  :: d_step {                                 /* take_shard() */
       lease_ended && !taken -> taken = true;
#ifndef MUTANT_TAKEN_WITHOUT_FENCE
       fence++
#endif
     }
  od
}

init {
  atomic {
    if :: lent = false :: lent = true fi;
    run Process();
    run World();
    run Judge()
  }
}
