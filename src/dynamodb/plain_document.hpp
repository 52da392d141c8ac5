// Plain JSON, as SQL users write it -> attribute values.
#pragma once
#ifdef POSTGRES_H
#error "src/dynamodb must be included before postgres.h: it never depends on PostgreSQL"
#endif

#include <string_view>

#include "dynamodb/value.hpp"

namespace dynamodb {

/// Reads plain JSON (UTF-8, any JSON value): string S, number N (all digits), boolean BOOL, null NULL, array L, object
/// M. Of an object with a name twice the last counts, as in jsonb.
///
/// `old`, where not null, is the value that is being replaced: whatever the JSON says of a part of it that is the same
/// as that part's plain JSON (document.hpp, JsonForm::plain) keeps that part as it is, numbers compared by value and
/// sets without order. A changed part keeps its set or binary type where the new JSON still fits: an array, not empty
/// and without duplicates, whose elements all fit SS, NS or BS; a string "\x" with hex digits for B. Members of a map
/// are compared with those of the same name. Elements of a list: equal ones at its start and at its end stay, those
/// between are compared by position.
///
/// Error (invalid_value), naming the place in the document: not JSON; a number that DynamoDB cannot hold; nesting of
/// more than kMaxItemNesting levels, which is what a whole item may have (check_value() and check_item() are exact).
Result<Value> value_from_plain_json(std::string_view json, const Value* old);

}  // namespace dynamodb
