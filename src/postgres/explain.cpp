// What EXPLAIN shows of a foreign scan.
#include "explain.hpp"

#include <cstring>

#include "compat.hpp"
#include "connections.hpp"
#include "execute_scan.hpp"
#include "not_pushed_down.hpp"

extern "C" {
#include "optimizer/clauses.h"
#include "utils/ruleutils.h"
}

namespace dynamodb_fdw {

using dynamodb::KeyOperator;

namespace {

// Explains one ForeignScan node.
struct Explainer {
  ForeignScanState* node;
  ExplainState* es;
  const ScanState* state;
  List* deparse_context;
  bool known;   // the operands have values
  bool counts;  // the items are only counted
  ScanKeys keys;
  const PlainFilter* filter;
};

// Whether nothing is asked, as far as is known.
bool asks_nothing(const Explainer& explainer) { return explainer.keys.impossible || is_never_true(explainer.filter); }

char* deparse(const Explainer& explainer, Node* expression) {
  bool prefix = list_length(explainer.es->rtable) > 1;
  return deparse_expression(expression, explainer.deparse_context, prefix, false);
}

// Whether an expression has no value yet: parameters of the executor have none before it runs, and EXPLAIN
// (GENERIC_PLAN) has none for the statement's own.
bool is_unknown(Node* node, void* estate) {
  if (node == nullptr) return false;
  if (!IsA(node, Param)) return walk_expression(node, is_unknown, estate);
  if (reinterpret_cast<Param*>(node)->paramkind == PARAM_EXEC) return true;
  return static_cast<EState*>(estate)->es_param_list_info == nullptr;
}

bool has_values(const Explainer& explainer) {
  List* operands = reinterpret_cast<ForeignScan*>(explainer.node->ss.ps.plan)->fdw_exprs;
  return !is_unknown(reinterpret_cast<Node*>(operands), explainer.node->ss.ps.state);
}

// The conditions of the scan. PostgreSQL does not check all of them where items are only counted or looked up by lists.
List* scan_conditions(const Explainer& explainer) {
  auto* plan = reinterpret_cast<ForeignScan*>(explainer.node->ss.ps.plan);
  return plan->fdw_recheck_quals != NIL ? plan->fdw_recheck_quals : plan->scan.plan.qual;
}

void evaluate(Explainer* explainer) {
  const ScanState* state = explainer->state;
  ExprContext* econtext = explainer->node->ss.ps.ps_ExprContext;
  // Without values it is not certain that the items are only counted; mostly they are.
  explainer->counts = state->plan.count_only;
  explainer->known = has_values(*explainer);
  if (!explainer->known) return;
  if (state->plan.operation != ReadOperation::scan) explainer->keys = evaluate_scan_keys(state, econtext);
  explainer->filter = evaluate_scan_filter(state, econtext);
  if (!asks_nothing(*explainer)) explainer->counts = will_count(state, explainer->keys, explainer->filter);
}

void append_range(StringInfo text, const char* attribute, const KeyRange& range) {
  static const char* const kOperators[] = {"=", "<", "<=", ">", ">="};
  if (range.op == KeyOperator::begins_with) {
    appendStringInfo(text, "begins_with(%s, ", attribute);
    append_key_value(text, range.operands[0]);
    appendStringInfoChar(text, ')');
    return;
  }
  bool between = range.op == KeyOperator::between;
  appendStringInfo(text, "%s %s ", attribute, between ? "BETWEEN" : kOperators[static_cast<int>(range.op)]);
  append_key_value(text, range.operands[0]);
  if (!between) return;
  appendStringInfoString(text, " AND ");
  append_key_value(text, range.operands[1]);
}

const char* key_name(const ScanState* state, int attribute) {
  char* name = strVal(list_nth(state->plan.key_names, attribute));
  return pg_any_to_server(name, strlen(name), PG_UTF8);
}

constexpr int kShownKeys = 10;  // of a long list

// "a = 1 AND b = 'x'" of one combination of values.
void append_key(StringInfo text, const ScanState* state, const ScanKeys& keys, int key) {
  for (int i = 0; i < keys.fixed_count; ++i) {
    appendStringInfo(text, "%s%s = ", i > 0 ? " AND " : "", key_name(state, i));
    append_key_value(text, keys.values[key * keys.fixed_count + i]);
  }
}

// "a IN (1, 2)" for one attribute, "(a = 1 AND b = 2) OR (...)" for several.
void append_keys(StringInfo text, const ScanState* state, const ScanKeys& keys) {
  int shown = Min(keys.key_count, kShownKeys);
  if (keys.key_count == 1) {
    append_key(text, state, keys, 0);
  } else if (keys.fixed_count == 1) {
    appendStringInfo(text, "%s IN (", key_name(state, 0));
    for (int k = 0; k < shown; ++k) {
      if (k > 0) appendStringInfoString(text, ", ");
      append_key_value(text, keys.values[k]);
    }
    appendStringInfoString(text, shown < keys.key_count ? ", ...)" : ")");
  } else {
    for (int k = 0; k < shown; ++k) {
      appendStringInfoString(text, k > 0 ? " OR (" : "(");
      append_key(text, state, keys, k);
      appendStringInfoChar(text, ')');
    }
    if (shown < keys.key_count) appendStringInfoString(text, " OR ...");
  }
}

char* conditions_with_values(const ScanState* state, const ScanKeys& keys) {
  StringInfoData text;
  initStringInfo(&text);
  if (keys.impossible) {
    appendStringInfoString(&text, "none: no item can have such a key");
    return text.data;
  }
  bool grouped = keys.range.present && keys.key_count > 1 && keys.fixed_count > 1;
  if (grouped) appendStringInfoChar(&text, '(');
  append_keys(&text, state, keys);
  if (grouped) appendStringInfoChar(&text, ')');
  if (!keys.range.present) return text.data;
  appendStringInfoString(&text, " AND ");
  append_range(&text, key_name(state, keys.fixed_count), keys.range);
  return text.data;
}

char* conditions_with_expressions(const Explainer& explainer) {
  const ScanPlan& plan = explainer.state->plan;
  List* operands = reinterpret_cast<ForeignScan*>(explainer.node->ss.ps.plan)->fdw_exprs;
  int tuple_operands = plan.tuple_count * list_length(plan.key_names);
  StringInfoData text;
  initStringInfo(&text);
  // Behind the operands of the key stand those of the filter.
  for (int i = 0; i < list_length(plan.clause_attributes); ++i) {
    int attribute = list_nth_int(plan.clause_attributes, i);
    bool in_tuples = i < tuple_operands;
    bool next_key = in_tuples && attribute == 0;
    const char* separator = i == 0 ? "" : next_key ? ") OR (" : i == tuple_operands ? ") AND " : " AND ";
    appendStringInfo(&text, "%s%s %s %s", separator, key_name(explainer.state, attribute),
                     kComparatorNames[list_nth_int(plan.clause_comparators, i)],
                     deparse(explainer, static_cast<Node*>(list_nth(operands, i))));
  }
  if (tuple_operands == 0) return text.data;
  bool checked = list_length(plan.clause_attributes) > tuple_operands;
  return psprintf(checked ? "(%s" : "(%s)", text.data);
}

// Whether an attribute has a list of values and no single one.
bool has_list(const ScanPlan& plan) {
  Bitmapset* singles = nullptr;
  Bitmapset* lists = nullptr;
  ListCell* attribute;
  ListCell* comparator;
  forboth (attribute, plan.clause_attributes, comparator, plan.clause_comparators) {
    if (lfirst_int(comparator) == static_cast<int>(Comparator::equal))
      singles = bms_add_member(singles, lfirst_int(attribute));
    if (lfirst_int(comparator) == static_cast<int>(Comparator::any_of))
      lists = bms_add_member(lists, lfirst_int(attribute));
  }
  return !bms_is_subset(lists, singles);
}

const char* operation_with_requests(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  bool known = explainer.known;
  int key_count = explainer.keys.key_count;
  switch (state->plan.operation) {
    case ReadOperation::scan:
      return "Scan";
    case ReadOperation::query:
      if (known) return key_count == 1 ? "Query" : psprintf("Query x %d", key_count);
      return has_list(state->plan) ? "Query x N" : "Query";
    default:
      if (known) return key_count == 1 ? "GetItem" : "BatchGetItem";
      return state->plan.operation == ReadOperation::get_item ? "GetItem" : "BatchGetItem";
  }
}

const char* operation_text(const Explainer& explainer) {
  if (asks_nothing(explainer)) return "None";
  return psprintf("%s%s", operation_with_requests(explainer), explainer.counts ? " (COUNT)" : "");
}

// The SQL conditions that become the filter, where their operands have no values yet.
char* filtered_conditions(const Explainer& explainer) {
  StringInfoData text;
  initStringInfo(&text);
  ListCell* clause;
  ListCell* verdict;
  forboth (clause, scan_conditions(explainer), verdict, explainer.state->plan.verdicts) {
    if (static_cast<PushDown>(lfirst_int(verdict)) != PushDown::filter) continue;
    appendStringInfo(&text, "%s%s", text.len > 0 ? " AND " : "",
                     deparse(explainer, static_cast<Node*>(lfirst(clause))));
  }
  return text.data;
}

// What the scan checks itself, as PostgreSQL shows what it checks.
void explain_recheck(const Explainer& explainer) {
  Expr* conditions = make_ands_explicit(scan_conditions(explainer));
  ExplainPropertyText("Filter", deparse(explainer, reinterpret_cast<Node*>(conditions)), explainer.es);
  const Instrumentation* instrument = explainer.node->ss.ps.instrument;
  if (!explainer.es->analyze || instrument == nullptr) return;
  double removed = instrument->nloops > 0 ? instrument->nfiltered1 / instrument->nloops : 0;
  if (removed > 0 || explainer.es->format != EXPLAIN_FORMAT_TEXT)
    ExplainPropertyFloat("Rows Removed by Filter", nullptr, removed, 0, explainer.es);
}

// The operation's name, table and index, and the key condition; with values wherever they are known.
void explain_operation(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  ExplainState* es = explainer.es;
  bool keyed = state->plan.operation != ReadOperation::scan;
  bool known = explainer.known;
  if (state->plan.count_only && !explainer.counts) explain_recheck(explainer);
  ExplainPropertyText("DynamoDB Operation", operation_text(explainer), es);
  const char* region = effective_region(state->table->serverid, state->userid, state->table->aws_region);
  ExplainPropertyText("DynamoDB Table", psprintf("%s (%s)", state->table->table_name, region), es);
  if (state->plan.index_name != nullptr) ExplainPropertyText("DynamoDB Index", state->plan.index_name, es);
  if (keyed)
    ExplainPropertyText("Key Condition",
                        known ? conditions_with_values(state, explainer.keys) : conditions_with_expressions(explainer),
                        es);
  if (state->plan.filter != nullptr)
    ExplainPropertyText("DynamoDB Filter", known ? filter_text(explainer.filter) : filtered_conditions(explainer), es);
  if (state->plan.operation == ReadOperation::query && state->plan.backward)
    ExplainPropertyText("Direction", "Backward", es);
  if (state->plan.first_limit > 0 && (!keyed || state->plan.operation == ReadOperation::query))
    ExplainPropertyInteger("Limit", nullptr, state->plan.first_limit, es);
}

void explain_projection(const Explainer& explainer) {
  List* names = NIL;
  ListCell* cell;
  foreach (cell, explainer.state->plan.projection) {
    char* name = strVal(lfirst(cell));
    names = lappend(names, pg_any_to_server(name, strlen(name), PG_UTF8));
  }
  if (names != NIL) ExplainPropertyList("Projection", names, explainer.es);
}

char* not_pushed_line(const Explainer& explainer, const NotPushedDown& left_out) {
  const char* condition =
      deparse(explainer, static_cast<Node*>(list_nth(scan_conditions(explainer), left_out.condition)));
  if (left_out.part != nullptr) condition = psprintf("%s of %s", left_out.part, condition);
  return psprintf("%s: %s", condition, left_out.reason);
}

void explain_not_pushed(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  bool asks = explainer.known && !asks_nothing(explainer);
  ExprContext* econtext = explainer.node->ss.ps.ps_ExprContext;
  List* lines = NIL;
  ListCell* cell;
  // Where items are counted, DynamoDB answers for all conditions.
  List* left_out =
      explainer.counts ? NIL : find_not_pushed_down(state, asks ? econtext : nullptr, asks ? &explainer.keys : nullptr);
  foreach (cell, left_out)
    lines = lappend(lines, not_pushed_line(explainer, *static_cast<NotPushedDown*>(lfirst(cell))));
  if (lines != NIL) ExplainPropertyList("Not Pushed Down", lines, explainer.es);
  List* indexes = NIL;
  foreach (cell, state->plan.indexes_left_out) indexes = lappend(indexes, strVal(lfirst(cell)));
  if (indexes != NIL && !asks_nothing(explainer)) ExplainPropertyList("Indexes Left Out", indexes, explainer.es);
}

void explain_cost(const Explainer& explainer) {
  const ScanState* state = explainer.state;
  ExplainState* es = explainer.es;
  bool nothing = asks_nothing(explainer);
  if (state->plan.operation == ReadOperation::scan && !nothing)
    ExplainPropertyInteger("Segments", nullptr, state->table->parallel_scan_count, es);
  double capacity = nothing ? 0 : state->plan.estimated_capacity;
  if (es->costs) ExplainPropertyFloat("Estimated Read Capacity", nullptr, capacity, 1, es);
}

void explain_actuals(const Explainer& explainer) {
  ExplainState* es = explainer.es;
  dynamodb::PageStreamStatistics actual = collect_statistics(explainer.state);
  ExplainPropertyInteger("Requests", nullptr, actual.calls.requests, es);
  ExplainPropertyInteger("Pages", nullptr, actual.pages, es);
  ExplainPropertyInteger("Items Returned", nullptr, actual.items, es);
  ExplainPropertyInteger("Items Scanned", nullptr, actual.items_scanned, es);
  ExplainPropertyFloat("Consumed Capacity", nullptr, actual.consumed_capacity, 1, es);
  ExplainPropertyInteger("Retries", nullptr, actual.calls.retries, es);
  ExplainPropertyInteger("Throttled", nullptr, actual.calls.throttled, es);
  ExplainPropertyInteger("Bytes Received", nullptr, actual.calls.bytes_received, es);
}

}  // namespace

void dynamodbExplainForeignScan(ForeignScanState* node, ExplainState* es) {
  Explainer explainer{};
  explainer.node = node;
  explainer.es = es;
  explainer.state = static_cast<ScanState*>(node->fdw_state);
  explainer.deparse_context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, NIL);
  evaluate(&explainer);
  explain_operation(explainer);
  if (!explainer.counts) explain_projection(explainer);
  explain_not_pushed(explainer);
  explain_cost(explainer);
  if (es->analyze) explain_actuals(explainer);
}

}  // namespace dynamodb_fdw
