//! Sends what is due, several at one time, and again later what did not go.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Push;
use super::deliver::{Trouble, deliver};
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::limits::{NOTICE_ATTEMPTS_MAX, NOTICE_WAIT_MAX, NOTICES_AT_ONCE_MAX};
use crate::live::Event;
use crate::store::{Notice, NoticeState, StoreError};

/// How often it is looked for what another replica could not send.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// After the first attempt; twice as long after each further one.
const AGAIN_AFTER_MS: i64 = 5_000;

/// What was begun and not ended by then, its replica has died over.
const BEGUN_MS_MAX: i64 = 6 * 10_000;

pub(super) async fn work(push: &Push, hub: &Arc<Hub>) {
    let mut under_way = JoinSet::new();
    loop {
        let room = NOTICES_AT_ONCE_MAX.saturating_sub(under_way.len());
        match due(hub, room).await {
            Ok(notices) => {
                for notice in notices {
                    let hub = Arc::clone(hub);
                    under_way.spawn(async move { attempt(&hub, &notice).await });
                }
            }
            Err(error) => eprintln!("writ-hub: {error}"),
        }
        let next = until_next(hub).await;
        tokio::select! {
            () = push.due.notified() => {}
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(next) => {}
            () = hub.ended() => break,
        }
    }
    let _ = tokio::time::timeout(NOTICE_WAIT_MAX, under_way.join_all()).await;
}

async fn due(hub: &Hub, room: usize) -> Result<Vec<Notice>, StoreError> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = now_ms();
    let room = i64::try_from(room).unwrap_or(i64::MAX);
    hub.store.due_notices(now, now.saturating_add(BEGUN_MS_MAX), room).await
}

async fn until_next(hub: &Hub) -> Duration {
    let Ok(Some(next)) = hub.store.next_notice().await else { return LOOK_EVERY };
    let wait = u64::try_from(next.saturating_sub(now_ms())).unwrap_or(0);
    // What is due and cannot be begun waits for a place, not in a busy loop.
    Duration::from_millis(wait.max(50)).min(LOOK_EVERY)
}

async fn attempt(hub: &Hub, notice: &Notice) {
    match tried(hub, notice).await {
        Ok(()) => hub.tell(Event::Question(notice.question.clone())).await,
        Err(error) => eprintln!("writ-hub: {error}"),
    }
}

async fn tried(hub: &Hub, notice: &Notice) -> Result<(), StoreError> {
    let Some(question) = hub.store.question(&notice.question).await? else { return Ok(()) };
    let late = notice.event == "asked" && question.listed.over_ms.is_some();
    let went = match late {
        true => Err(Trouble::Never("the question was over before".to_owned())),
        false => deliver(&hub.push, hub, notice, &question).await,
    };
    let now = now_ms();
    let (state, at, why) = match went {
        Ok(()) => (NoticeState::Sent, now, None),
        Err(Trouble::Later(why)) if notice.attempts < NOTICE_ATTEMPTS_MAX => {
            let doublings = u32::try_from(notice.attempts - 1).unwrap_or(0);
            let wait = AGAIN_AFTER_MS.saturating_mul(2_i64.saturating_pow(doublings));
            (NoticeState::Waiting, now.saturating_add(wait), Some(why))
        }
        Err(Trouble::Later(why) | Trouble::Never(why)) => (NoticeState::Failed, now, Some(why)),
    };
    if let Some(why) = &why {
        let channel = &notice.channel;
        eprintln!("writ-hub: notice to {channel:?}, attempt {}: {why}", notice.attempts);
    }
    hub.store.notice_tried(&notice.id, state, at, why.as_deref()).await
}
