# LAT_NEED(PREFIX, PKG-CONFIG MODULE, DEBIAN PACKAGE) - a library that must be there;
# what is missing is collected, so that one run of configure names all of it.
AC_DEFUN([LAT_NEED], [
  PKG_CHECK_MODULES([$1], [$2], [], [lat_missing="$lat_missing $3"])
])

AC_DEFUN([LAT_CHECK_LIBRARIES], [
  lat_missing=
  LAT_NEED([NCURSES], [ncursesw], [libncurses-dev])
  LAT_NEED([UV], [libuv >= 1.40], [libuv1-dev])
  LAT_NEED([MHD], [libmicrohttpd >= 0.9.70], [libmicrohttpd-dev])
  LAT_NEED([GNUTLS], [gnutls >= 3.6.3], [libgnutls28-dev])
  LAT_NEED([CURL], [libcurl >= 7.87], [libcurl4-openssl-dev])
  LAT_NEED([SSH2], [libssh2 >= 1.10], [libssh2-1-dev])
  LAT_NEED([CJSON], [libcjson], [libcjson-dev])
  LAT_NEED([ZLIB], [zlib], [zlib1g-dev])
  LAT_NEED([CRYPTO], [libcrypto >= 3.0], [libssl-dev])
  LAT_NEED([LMDB], [lmdb], [liblmdb-dev])
  LAT_NEED([PROTOBUF_C], [libprotobuf-c >= 1.3], [libprotobuf-c-dev])
  LAT_NEED([CMOCKA], [cmocka], [libcmocka-dev])
  LAT_NEED([VTERM], [vterm], [libvterm-dev])
  PKG_CHECK_MODULES([SQLITE], [sqlite3], # a rival in make bench, no more
    [AC_DEFINE([HAVE_SQLITE], [1], [SQLite is there to be measured against])], [:])
  AC_PATH_PROG([PROTOC_C], [protoc-c])
  AS_IF([test -z "$PROTOC_C"], [lat_missing="$lat_missing protobuf-c-compiler"])
  AS_IF([test -n "$lat_missing"], [
    AC_MSG_ERROR([missing libraries; on Debian: apt-get install$lat_missing])
  ])
])
