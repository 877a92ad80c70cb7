/* The lung state machine as a model for Spin. check-lung, beside it, says how it is checked. */
/* one tick = 10 s; limits scaled down (T_HOLD_MAX 4, T_STABLE 2, T_CALM 6 ticks); RELOAD switches tf and tr0 between two values */
mtype = { STARTING, P2P, COUNTDOWN, HTTP, RECOVERING, ISOLATED, FP_UP, FP_DOWN, FH_UP, FH_DOWN, STOPPING };
mtype st = STARTING; mtype was = STARTING;  /* now, and after the event before */
bool L = false;          /* at least one live P2P peer                  */
bool H = false;          /* at least one usable HTTP source             */
bool want = true;        /* P2P lung asked to run (false: action p)     */
bool R = false;          /* P2P lung runs (false: off, disabled, failed) */
bool probe = true;       /* HTTP lung allowed to send requests          */
bool probed = false;     /* the probe round begun by w has ended        */
bool apply = false;      /* HTTP lung applies what it fetches           */
byte tf = 6;             /* T_FALLBACK                                  */
byte tr0 = 1;            /* T_HOLD                                      */
byte zt = 0;             /* ticks since t_zero (capped)                 */
byte rt = 0;             /* ticks since RECOVERING was entered          */
byte pt = 0;             /* ticks that round has lasted (T_TOTAL = 1)   */
byte ft = 0;             /* ticks left of a timed forcing, 0 = none     */
byte flaps = 0;          /* capped at 2, where hold reaches its maximum */
byte up = 0;             /* ticks in P2P (capped)                       */
bool fromRec = false;
bool envL = false, envH = false, envR = false;   /* the world: peers, source, sockets */
bool quiet = false;      /* from here on the world and the operator stand still */

#define HOLD (flaps==0 -> tr0 : (flaps==1 -> 2 : 4))
#define WAIT (st==STARTING||st==COUNTDOWN)
#define CARRY (st==HTTP||st==RECOVERING||st==FH_UP||st==FH_DOWN)
#define AUTO_ST (st==STARTING||st==P2P||st==COUNTDOWN||st==HTTP||st==RECOVERING||st==ISOLATED)

inline check() {
  assert(!(st==P2P||st==FP_UP||st==RECOVERING) || L);
  assert(!(st==HTTP||st==RECOVERING||st==FH_UP) || H);
  assert(!(st==STARTING||st==COUNTDOWN||st==HTTP||st==ISOLATED||st==FP_DOWN) || !L);
  assert(!(st==P2P||st==ISOLATED||st==FH_DOWN) || !H);
  assert(!(st==FP_UP||st==FP_DOWN) || (!probe && !apply && !H));
  assert(!(st==FH_UP||st==FH_DOWN) || (!want && !L));
  assert((!L || R) && (!R || want));
  assert(apply == CARRY);
  assert(!WAIT || !probed || (zt < tf && R));       /* FALLBACK is never late */
  assert(st != RECOVERING || rt < HOLD);            /* nor is HOLD            */
  assert(st != ISOLATED || probed);                 /* no alarm before an answer */
  assert(!(was==HTTP||was==RECOVERING||was==FH_UP) || !WAIT);   /* no gap       */
  assert(ft == 0 || !AUTO_ST); was = st
}
inline toP2P() { st = P2P; apply = false; H = false; up = 0 }                        /* s */
inline toWait() { st = COUNTDOWN; probe = true; apply = false; probed = false; pt = 0 } /* k w */
inline due() {                                      /* HOLD, then FALLBACK: last in a loop turn */
  if :: st==RECOVERING && rt >= HOLD -> toP2P(); fromRec = true :: else fi;
  if :: WAIT && probed && (zt >= tf || !R) -> if :: H -> st = HTTP; apply = true :: else -> st = ISOLATED fi :: else fi }
inline tidy() {                                     /* counters that a state does not use: one value */
  if :: st != RECOVERING -> rt = 0 :: else fi;
  if :: st != P2P -> up = 0 :: else fi;
  if :: !WAIT -> pt = 0 :: else fi;
  if :: !WAIT && st != ISOLATED -> probed = false :: else fi;
  if :: L -> zt = 0 :: else fi }
inline flap() { if :: flaps < 2 -> flaps++ :: else fi }

inline peerUp() { L = true;
  if :: WAIT||st==ISOLATED -> toP2P(); fromRec = false
     :: st==HTTP -> st = RECOVERING; rt = 0
     :: st==FP_DOWN -> st = FP_UP
     :: else fi }
inline lastDown() { L = false; zt = 0;
  if :: st==P2P -> if :: fromRec && up < 2 -> flap() :: else fi; fromRec = false; toWait()
     :: st==RECOVERING -> flap(); st = HTTP
     :: st==FP_UP -> st = FP_DOWN
     :: else fi }
inline httpUp() { H = true;
  if :: st==ISOLATED -> st = HTTP; apply = true
     :: st==FH_DOWN -> st = FH_UP
     :: else fi }
inline httpDown() { H = false;
  if :: st==HTTP -> st = ISOLATED; apply = false
     :: st==RECOVERING -> toP2P(); fromRec = true
     :: st==FH_UP -> st = FH_DOWN
     :: else fi }
inline lungOn() { want = true; R = envR; zt = 0 }                                    /* o */
inline cmdP2P() {
  if :: L -> st = FP_UP
     :: !L && !want -> lungOn(); st = FP_DOWN
     :: else -> st = FP_DOWN fi;
  probe = false; apply = false; H = false; fromRec = false }
inline cmdHTTP() {
  want = false; R = false; L = false; probe = true; apply = true; fromRec = false;
  if :: H -> st = FH_UP :: else -> st = FH_DOWN fi }
inline cmdAUTO() { ft = 0;
  if :: st==FP_UP -> probe = true; toP2P(); fromRec = false
     :: st==FP_DOWN -> toWait()
     :: st==FH_UP -> lungOn(); st = HTTP
     :: st==FH_DOWN -> lungOn(); toWait()
     :: else fi }
inline tick() {
  if :: ft > 1 -> ft-- :: ft == 1 -> cmdAUTO() :: else fi;                           /* FORCE_END before the other timers */
  if :: !L && zt < 6 -> zt++ :: else fi;
  if :: WAIT && !probed -> pt++ :: else fi;
  if :: st==RECOVERING -> rt++
     :: st==P2P -> if :: up < 6 -> up++ :: else -> flaps = 0; fromRec = false fi
     :: else fi }

#define LUNG_MOVES ((want && !R && envR) || (R && !envR))
#define PEER_MOVES ((R && envR && !L && envL) || (L && !envL))
#define HTTP_MOVES (probe && st != P2P && H != envH)
proctype env() {
  do
  :: atomic { st != STOPPING && want && !R && envR -> R = true; zt = 0; due(); tidy(); check() }
  :: atomic { st != STOPPING && R && !envR -> R = false; if :: L -> lastDown() :: else fi; due(); tidy(); check() }
  :: atomic { st != STOPPING && R && envR && !L && envL -> peerUp(); due(); tidy(); check() }
  :: atomic { st != STOPPING && L && !envL -> lastDown(); due(); tidy(); check() }
  :: atomic { st != STOPPING && probe && st != P2P && envH && (!H || (WAIT && !probed)) -> probed = true; if :: !H -> httpUp() :: else fi; due(); tidy(); check() }
  :: atomic { st != STOPPING && probe && st != P2P && !envH && (H || (WAIT && !probed)) -> probed = true; if :: H -> httpDown() :: else fi; due(); tidy(); check() }
  :: atomic { st != STOPPING && !LUNG_MOVES && !PEER_MOVES && (!HTTP_MOVES || (WAIT && !probed)) && !(WAIT && !probed && pt > 0) -> tick(); due(); tidy(); check() }
  :: atomic { st == STOPPING -> break }
  od }
proctype world() {
  do
  :: atomic { !quiet -> envL = !envL }
  :: atomic { !quiet -> envH = !envH }
  :: atomic { !quiet -> envR = !envR }
  :: atomic { !quiet && st != STOPPING -> cmdP2P(); if :: ft = 0 :: ft = 2 fi; due(); tidy(); check() }
  :: atomic { !quiet && st != STOPPING -> cmdHTTP(); if :: ft = 0 :: ft = 2 fi; due(); tidy(); check() }
  :: atomic { !quiet && st != STOPPING -> cmdAUTO(); due(); tidy(); check() }
  :: atomic { !quiet && st != STOPPING -> tf = 8 - tf; due(); tidy(); check() }              /* RELOAD: 6 or 2 ticks */
  :: atomic { !quiet && st != STOPPING -> tr0 = 1 - tr0; due(); tidy(); check() }            /* RELOAD: 1 tick or none */
  :: atomic { !quiet && (AUTO_ST || ft > 0) -> quiet = true }
  :: atomic { !quiet -> st = STOPPING; quiet = true; apply = false; probe = false; want = false; R = false; L = false; H = false; ft = 0; break }
  :: quiet -> break
  od }
init { atomic { if :: envR = true; R = true :: skip fi; run env(); run world() } }
ltl to_p2p  { [] ((quiet && st!=STOPPING && envR && envL) -> <> (st==P2P)) }
ltl to_http { [] ((quiet && st!=STOPPING && !(envR && envL) && envH) -> <> (st==HTTP)) }
ltl to_iso  { [] ((quiet && st!=STOPPING && !(envR && envL) && !envH) -> <> (st==ISOLATED)) }
ltl to_auto { [] ((quiet && ft > 0) -> <> (ft == 0)) }
