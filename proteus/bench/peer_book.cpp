// A plain C++ limit order book for comparison: price-time priority, dense levels, a pool of orders.
//
// It keeps no accounts, no owners and no state per lane: what a matching engine does at the least.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

constexpr int32_t kNone = -1;

struct Order {
    int32_t id = 0;
    int32_t lots = 0;
    int32_t price = 0;
    int32_t next = kNone;
    int32_t previous = kNone;
    int32_t side = 0;  // 0: buy, 1: sell
};

struct Level {
    int32_t head = kNone;
    int32_t tail = kNone;
};

class Book {
public:
    Book(int64_t ids, int32_t ticks)
        : slot_of_(ids, kNone), levels_{std::vector<Level>(ticks + 2), std::vector<Level>(ticks + 2)},
          best_{0, ticks + 1}, ticks_(ticks) {}

    void limit(int32_t id, int32_t side, int32_t price, int32_t lots) {
        const int32_t left = side == 0 ? match<0>(price, lots) : match<1>(price, lots);
        if (left > 0) rest(id, side, price, left);
    }

    void cancel(int32_t id) {
        if (slot_of_[id] != kNone) remove(slot_of_[id]);
    }

    int64_t open_lots(int32_t side) const {
        int64_t lots = 0;
        for (const Level& level : levels_[side])
            for (int32_t slot = level.head; slot != kNone; slot = orders_[slot].next)
                lots += orders_[slot].lots;
        return lots;
    }

private:
    // Returns the lots that are left.
    template <int side>
    int32_t match(int32_t price, int32_t left) {
        constexpr int other = 1 - side;
        while (left > 0 && (side == 0 ? best_[other] <= price : best_[other] >= price)) {
            const int32_t slot = levels_[other][best_[other]].head;
            const int32_t traded = std::min(left, orders_[slot].lots);
            left -= traded;
            orders_[slot].lots -= traded;
            if (orders_[slot].lots == 0) remove(slot);
        }
        return left;
    }

    void rest(int32_t id, int32_t side, int32_t price, int32_t lots) {
        const int32_t slot = take_slot();
        Level& level = levels_[side][price];
        orders_[slot] = {id, lots, price, kNone, level.tail, side};
        slot_of_[id] = slot;
        (level.tail == kNone ? level.head : orders_[level.tail].next) = slot;
        level.tail = slot;
        best_[side] = side == 0 ? std::max(best_[0], price) : std::min(best_[1], price);
    }

    int32_t take_slot() {
        if (free_.empty()) {
            orders_.emplace_back();
            return static_cast<int32_t>(orders_.size()) - 1;
        }
        const int32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }

    void remove(int32_t slot) {
        const Order& order = orders_[slot];
        free_.push_back(slot);
        slot_of_[order.id] = kNone;
        Level& level = levels_[order.side][order.price];
        (order.previous == kNone ? level.head : orders_[order.previous].next) = order.next;
        (order.next == kNone ? level.tail : orders_[order.next].previous) = order.previous;
        if (level.head == kNone && best_[order.side] == order.price) worsen(order.side);
    }

    // Prices 0 and ticks + 1 stand for an empty side.
    void worsen(int32_t side) {
        const std::vector<Level>& levels = levels_[side];
        int32_t& best = best_[side];
        const int32_t step = side == 0 ? -1 : 1;
        do best += step;
        while (best > 0 && best <= ticks_ && levels[best].head == kNone);
    }

    std::vector<Order> orders_;
    std::vector<int32_t> free_;
    std::vector<int32_t> slot_of_;  // by id; kNone: not in the book
    std::vector<Level> levels_[2];
    int32_t best_[2];
    int32_t ticks_;
};

}  // namespace

extern "C" {

// Orders are numbered from 0 to ids - 1.
void* new_book(int64_t ids, int32_t ticks) { return new Book(ids, ticks); }

void free_book(void* book) { delete static_cast<Book*>(book); }

void run_stream(void* book, int64_t messages, const uint8_t* is_cancel, const int32_t* id,
                const int32_t* side, const int32_t* price, const int32_t* lots) {
    Book& target = *static_cast<Book*>(book);
    for (int64_t row = 0; row < messages; ++row) {
        if (is_cancel[row]) target.cancel(id[row]);
        else target.limit(id[row], side[row], price[row], lots[row]);
    }
}

int64_t open_lots(const void* book, int32_t side) {
    return static_cast<const Book*>(book)->open_lots(side);
}

}
