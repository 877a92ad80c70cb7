# LAT_TRY_FLAG(VARIABLE, FLAG) - append FLAG to VARIABLE when the compiler and linker take it.
AC_DEFUN([LAT_TRY_FLAG], [
  AS_VAR_PUSHDEF([lat_cache], [lat_cv_flag_$2])
  AC_CACHE_CHECK([whether $CC takes $2], [lat_cache], [
    lat_saved="$CFLAGS"
    CFLAGS="$CFLAGS -Werror $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AS_VAR_SET([lat_cache], [yes])], [AS_VAR_SET([lat_cache], [no])])
    CFLAGS="$lat_saved"])
  AS_VAR_IF([lat_cache], [yes], [$1="$$1 $2"])
  AS_VAR_POPDEF([lat_cache])
])

# LAT_COMPILER_FLAGS - our warnings and hardening into LAT_CFLAGS and LAT_LDFLAGS;
# CFLAGS and LDFLAGS stay the user's.
AC_DEFUN([LAT_COMPILER_FLAGS], [
  LAT_CFLAGS="-std=c11 -pthread"
  LAT_LDFLAGS="-pthread"
  m4_foreach_w([lat_flag], [-Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wundef
      -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wimplicit-fallthrough -Wpointer-arith],
    [LAT_TRY_FLAG([LAT_CFLAGS], lat_flag)])
  AS_IF([test "x$enable_werror" = xyes], [LAT_CFLAGS="$LAT_CFLAGS -Werror"])
  AS_IF([test "x$enable_fuzz" = xyes], [
    LAT_TRY_FLAG([LAT_FUZZ_CFLAGS], [-fsanitize=fuzzer-no-link])
    AS_IF([test "x$LAT_FUZZ_CFLAGS" = x],
      [AC_MSG_ERROR([$CC has no libFuzzer, which --enable-fuzz needs: configure with CC=clang])])
    LAT_CFLAGS="$LAT_CFLAGS$LAT_FUZZ_CFLAGS"
    AS_IF([test "x$enable_sanitizers" = xno], [enable_sanitizers=yes])
  ])
  AS_CASE([$enable_sanitizers],
    [no], [],
    [yes], [lat_sanitizers=address,undefined],
    [lat_sanitizers=$enable_sanitizers])
  AS_IF([test "x$enable_sanitizers" != xno], [
    LAT_CFLAGS="$LAT_CFLAGS -fsanitize=$lat_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"
    LAT_LDFLAGS="$LAT_LDFLAGS -fsanitize=$lat_sanitizers"
  ], [test "x$enable_hardening" = xyes], [
    AS_CASE([" $CFLAGS "], [*" -O0 "*], [],
      [LAT_CFLAGS="$LAT_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
    m4_foreach_w([lat_flag], [-fstack-protector-strong -fstack-clash-protection
        -ftrivial-auto-var-init=zero -fPIE],
      [LAT_TRY_FLAG([LAT_CFLAGS], lat_flag)])
    dnl m4_defn gives the flag quoted: its commas would make several arguments of it.
    m4_foreach_w([lat_flag], [-pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed],
      [LAT_TRY_FLAG([LAT_LDFLAGS], m4_defn([lat_flag]))])
  ])
  AC_SUBST([LAT_CFLAGS])
  AC_SUBST([LAT_LDFLAGS])
])
