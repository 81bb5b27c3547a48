; ModuleID = '__compute_module_broadcast_select_fusion_kernel_module'
source_filename = "__compute_module_broadcast_select_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_select_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
vector.ph:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 48
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !13)
  %8 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %9 = load ptr, ptr %8, align 8, !invariant.load !3, !dereferenceable !15
  %10 = load float, ptr %9, align 4, !invariant.load !3, !alias.scope !11, !noalias !16
  %broadcast.splatinsert = insertelement <8 x float> poison, float %10, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next.3, %vector.body ]
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 %index
  %12 = getelementptr inbounds nuw i8, ptr %11, i64 8
  %13 = getelementptr inbounds nuw i8, ptr %11, i64 16
  %14 = getelementptr inbounds nuw i8, ptr %11, i64 24
  %wide.load = load <8 x i8>, ptr %11, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1 = load <8 x i8>, ptr %12, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2 = load <8 x i8>, ptr %13, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3 = load <8 x i8>, ptr %14, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %15 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %index
  %16 = getelementptr inbounds nuw i8, ptr %15, i64 32
  %17 = getelementptr inbounds nuw i8, ptr %15, i64 64
  %18 = getelementptr inbounds nuw i8, ptr %15, i64 96
  %wide.load4 = load <8 x float>, ptr %15, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5 = load <8 x float>, ptr %16, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6 = load <8 x float>, ptr %17, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7 = load <8 x float>, ptr %18, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %19 = trunc <8 x i8> %wide.load to <8 x i1>
  %20 = trunc <8 x i8> %wide.load1 to <8 x i1>
  %21 = trunc <8 x i8> %wide.load2 to <8 x i1>
  %22 = trunc <8 x i8> %wide.load3 to <8 x i1>
  %23 = select <8 x i1> %19, <8 x float> %wide.load4, <8 x float> %broadcast.splat
  %24 = select <8 x i1> %20, <8 x float> %wide.load5, <8 x float> %broadcast.splat
  %25 = select <8 x i1> %21, <8 x float> %wide.load6, <8 x float> %broadcast.splat
  %26 = select <8 x i1> %22, <8 x float> %wide.load7, <8 x float> %broadcast.splat
  %27 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index
  %28 = getelementptr inbounds nuw i8, ptr %27, i64 32
  %29 = getelementptr inbounds nuw i8, ptr %27, i64 64
  %30 = getelementptr inbounds nuw i8, ptr %27, i64 96
  store <8 x float> %23, ptr %27, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %24, ptr %28, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %25, ptr %29, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %26, ptr %30, align 4, !alias.scope !13, !noalias !19
  %index.next = or disjoint i64 %index, 32
  %31 = getelementptr inbounds nuw i8, ptr %3, i64 %index.next
  %32 = getelementptr inbounds nuw i8, ptr %31, i64 8
  %33 = getelementptr inbounds nuw i8, ptr %31, i64 16
  %34 = getelementptr inbounds nuw i8, ptr %31, i64 24
  %wide.load.1 = load <8 x i8>, ptr %31, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1.1 = load <8 x i8>, ptr %32, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2.1 = load <8 x i8>, ptr %33, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3.1 = load <8 x i8>, ptr %34, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %35 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %index.next
  %36 = getelementptr inbounds nuw i8, ptr %35, i64 32
  %37 = getelementptr inbounds nuw i8, ptr %35, i64 64
  %38 = getelementptr inbounds nuw i8, ptr %35, i64 96
  %wide.load4.1 = load <8 x float>, ptr %35, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5.1 = load <8 x float>, ptr %36, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6.1 = load <8 x float>, ptr %37, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7.1 = load <8 x float>, ptr %38, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %39 = trunc <8 x i8> %wide.load.1 to <8 x i1>
  %40 = trunc <8 x i8> %wide.load1.1 to <8 x i1>
  %41 = trunc <8 x i8> %wide.load2.1 to <8 x i1>
  %42 = trunc <8 x i8> %wide.load3.1 to <8 x i1>
  %43 = select <8 x i1> %39, <8 x float> %wide.load4.1, <8 x float> %broadcast.splat
  %44 = select <8 x i1> %40, <8 x float> %wide.load5.1, <8 x float> %broadcast.splat
  %45 = select <8 x i1> %41, <8 x float> %wide.load6.1, <8 x float> %broadcast.splat
  %46 = select <8 x i1> %42, <8 x float> %wide.load7.1, <8 x float> %broadcast.splat
  %47 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next
  %48 = getelementptr inbounds nuw i8, ptr %47, i64 32
  %49 = getelementptr inbounds nuw i8, ptr %47, i64 64
  %50 = getelementptr inbounds nuw i8, ptr %47, i64 96
  store <8 x float> %43, ptr %47, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %44, ptr %48, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %45, ptr %49, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %46, ptr %50, align 4, !alias.scope !13, !noalias !19
  %index.next.1 = or disjoint i64 %index, 64
  %51 = getelementptr inbounds nuw i8, ptr %3, i64 %index.next.1
  %52 = getelementptr inbounds nuw i8, ptr %51, i64 8
  %53 = getelementptr inbounds nuw i8, ptr %51, i64 16
  %54 = getelementptr inbounds nuw i8, ptr %51, i64 24
  %wide.load.2 = load <8 x i8>, ptr %51, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1.2 = load <8 x i8>, ptr %52, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2.2 = load <8 x i8>, ptr %53, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3.2 = load <8 x i8>, ptr %54, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %55 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %index.next.1
  %56 = getelementptr inbounds nuw i8, ptr %55, i64 32
  %57 = getelementptr inbounds nuw i8, ptr %55, i64 64
  %58 = getelementptr inbounds nuw i8, ptr %55, i64 96
  %wide.load4.2 = load <8 x float>, ptr %55, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5.2 = load <8 x float>, ptr %56, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6.2 = load <8 x float>, ptr %57, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7.2 = load <8 x float>, ptr %58, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %59 = trunc <8 x i8> %wide.load.2 to <8 x i1>
  %60 = trunc <8 x i8> %wide.load1.2 to <8 x i1>
  %61 = trunc <8 x i8> %wide.load2.2 to <8 x i1>
  %62 = trunc <8 x i8> %wide.load3.2 to <8 x i1>
  %63 = select <8 x i1> %59, <8 x float> %wide.load4.2, <8 x float> %broadcast.splat
  %64 = select <8 x i1> %60, <8 x float> %wide.load5.2, <8 x float> %broadcast.splat
  %65 = select <8 x i1> %61, <8 x float> %wide.load6.2, <8 x float> %broadcast.splat
  %66 = select <8 x i1> %62, <8 x float> %wide.load7.2, <8 x float> %broadcast.splat
  %67 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.1
  %68 = getelementptr inbounds nuw i8, ptr %67, i64 32
  %69 = getelementptr inbounds nuw i8, ptr %67, i64 64
  %70 = getelementptr inbounds nuw i8, ptr %67, i64 96
  store <8 x float> %63, ptr %67, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %64, ptr %68, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %65, ptr %69, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %66, ptr %70, align 4, !alias.scope !13, !noalias !19
  %index.next.2 = or disjoint i64 %index, 96
  %71 = getelementptr inbounds nuw i8, ptr %3, i64 %index.next.2
  %72 = getelementptr inbounds nuw i8, ptr %71, i64 8
  %73 = getelementptr inbounds nuw i8, ptr %71, i64 16
  %74 = getelementptr inbounds nuw i8, ptr %71, i64 24
  %wide.load.3 = load <8 x i8>, ptr %71, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load1.3 = load <8 x i8>, ptr %72, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load2.3 = load <8 x i8>, ptr %73, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %wide.load3.3 = load <8 x i8>, ptr %74, align 1, !invariant.load !3, !alias.scope !6, !noalias !17
  %75 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %index.next.2
  %76 = getelementptr inbounds nuw i8, ptr %75, i64 32
  %77 = getelementptr inbounds nuw i8, ptr %75, i64 64
  %78 = getelementptr inbounds nuw i8, ptr %75, i64 96
  %wide.load4.3 = load <8 x float>, ptr %75, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load5.3 = load <8 x float>, ptr %76, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load6.3 = load <8 x float>, ptr %77, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %wide.load7.3 = load <8 x float>, ptr %78, align 4, !invariant.load !3, !alias.scope !9, !noalias !18
  %79 = trunc <8 x i8> %wide.load.3 to <8 x i1>
  %80 = trunc <8 x i8> %wide.load1.3 to <8 x i1>
  %81 = trunc <8 x i8> %wide.load2.3 to <8 x i1>
  %82 = trunc <8 x i8> %wide.load3.3 to <8 x i1>
  %83 = select <8 x i1> %79, <8 x float> %wide.load4.3, <8 x float> %broadcast.splat
  %84 = select <8 x i1> %80, <8 x float> %wide.load5.3, <8 x float> %broadcast.splat
  %85 = select <8 x i1> %81, <8 x float> %wide.load6.3, <8 x float> %broadcast.splat
  %86 = select <8 x i1> %82, <8 x float> %wide.load7.3, <8 x float> %broadcast.splat
  %87 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.2
  %88 = getelementptr inbounds nuw i8, ptr %87, i64 32
  %89 = getelementptr inbounds nuw i8, ptr %87, i64 64
  %90 = getelementptr inbounds nuw i8, ptr %87, i64 96
  store <8 x float> %83, ptr %87, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %84, ptr %88, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %85, ptr %89, align 4, !alias.scope !13, !noalias !19
  store <8 x float> %86, ptr %90, align 4, !alias.scope !13, !noalias !19
  %index.next.3 = add nuw nsw i64 %index, 128
  %91 = icmp eq i64 %index.next.3, 1024
  br i1 %91, label %broadcast_select_fusion_wrapped.exit, label %vector.body, !llvm.loop !20

broadcast_select_fusion_wrapped.exit:             ; preds = %vector.body
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 1024}
!5 = !{i64 4096}
!6 = !{!7}
!7 = distinct !{!7, !8, !"broadcast_select_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"broadcast_select_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"broadcast_select_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"broadcast_select_fusion_wrapped: argument 2"}
!13 = !{!14}
!14 = distinct !{!14, !8, !"broadcast_select_fusion_wrapped: argument 3"}
!15 = !{i64 4}
!16 = !{!7, !10, !14}
!17 = !{!10, !12, !14}
!18 = !{!7, !12, !14}
!19 = !{!7, !10, !12}
!20 = distinct !{!20, !21, !22}
!21 = !{!"llvm.loop.isvectorized", i32 1}
!22 = !{!"llvm.loop.unroll.runtime.disable"}
