// Which tables a request is about, found out from its body.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string>
#include <string_view>

namespace dynamodb {

/// The names of the tables in the body of a request (TableName, the members of RequestItems, those in TransactItems),
/// each once, in the order in which they come, with ", " between them; fit for messages. Nothing else of the body is in
/// it. Empty: it names none, or is no JSON.
std::string tables_of_request(std::string_view body);

}  // namespace dynamodb
