// Foreign scans below an Append that go on at the same time: PostgreSQL's asynchronous execution.
//
// The Append asks each of its scans for a row (ForeignAsyncRequest). A scan that has none leaves the request pending.
// When no scan has a row the Append waits: it asks the pending ones what for (ForeignAsyncConfigureWait) and tells
// those whose descriptor has become readable (ForeignAsyncNotify).
//
// Scans of one server share a client, and so a descriptor, which can be added to an Append's wait only once. So the
// first pending scan of a client configures the wait for all of them, on behalf of the one that can go on.
#pragma once

#include "pg.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
}

namespace dynamodb_fdw {

extern "C" {
bool dynamodbIsForeignPathAsyncCapable(ForeignPath* path);
void dynamodbForeignAsyncRequest(AsyncRequest* request);
void dynamodbForeignAsyncConfigureWait(AsyncRequest* request);
void dynamodbForeignAsyncNotify(AsyncRequest* request);
}

}  // namespace dynamodb_fdw
